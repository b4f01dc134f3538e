using System.Text.Json;
using CsCheck;
using Samepage.Cli;
using Samepage.Cli.Rendering;
using Samepage.Guarding;
using Samepage.Planning;
using Samepage.Tests.Guarding;

namespace Samepage.Tests.Planning;

/// <summary>The arithmetic of plans and admissions.</summary>
public class GuestPlanTests
{
    private const long Gibi = 1L << 30;
    private const long Mebi = 1L << 20;

    private static readonly Gen<PlannedHost> s_hosts =
        from bytes in Gen.Long[Mebi, GuestPlan.SizeBytesMax]
        from kept in Gen.Double[0, 1]
        from swap in Gen.Long[0, GuestPlan.SizeBytesMax]
        select new PlannedHost(bytes, (long)(bytes * kept), swap);

    /// <summary>One plan reckoned by hand: 10 guests of 1 GiB that hold 512 MiB, 384 of it alike and 64 free.</summary>
    [Fact]
    public void A_plan_by_hand()
    {
        var guest = GuestDemand.Of(Gibi, new SharingProfile(4, 512 * Mebi, 64 * Mebi, 384 * Mebi), 0);
        Assert.Equal((4 + 8 + 8) * Mebi, guest.OverheadBytes);
        var plan = new GuestPlan(new PlannedHost(4 * Gibi, Gibi, 0), guest, 10);
        Assert.Equal(10 * (512 + 20) * Mebi, plan.UnmergedBytes);
        Assert.Equal((384 + (10 * (64 + 20))) * Mebi, plan.MergedBytes);
        Assert.Equal((384 + (9 * 84) + 532) * Mebi, plan.PeakBytes);
        Assert.True(plan.Fits);
        Assert.Equal(new Coverage((5320 - 1224) * Mebi, (3072 - 1224) * Mebi), plan.Coverage);
        Assert.Equal((5320 - 3072) * Mebi, plan.SwapForBreaksBytes);
        Assert.Equal(((10 * 1044) - 3072) * Mebi, plan.SwapForFullUseBytes);
        Assert.Equal((3072 / 532), plan.GuestsFitUnmerged);
        Assert.Equal(((3072 - 384 - 532) / 84) + 1, plan.GuestsFit);
    }

    [Fact]
    public void The_swap_that_is_named_lets_everything_break() =>
        Gen.Select(s_hosts, CoverageTests.Guests, Gen.Int[1, GuestPlan.GuestsMax]).Sample((host, guest, guests) =>
        {
            var plan = new GuestPlan(host, guest, guests);
            var ready = plan with { Host = host with { SwapBytes = host.SwapBytes + plan.SwapForBreaksBytes } };
            Assert.Equal(0, ready.SwapForBreaksBytes);
            Assert.True(ready.Coverage.IsAtLeast(1));
            Assert.True(ready.UnmergedBytes <= ready.Host.ForGuestsBytes + ready.Host.SwapBytes);
            Assert.True(plan.SwapForFullUseBytes >= plan.SwapForBreaksBytes);
            if (plan.SwapForBreaksBytes > 0)
            {
                Assert.False((ready with { Host = ready.Host with { SwapBytes = ready.Host.SwapBytes - 1 } }).Coverage.ShortfallBytes == 0);
            }
        });

    [Fact]
    public void A_larger_host_never_holds_fewer_guests_and_never_needs_more_swap() =>
        Gen.Select(s_hosts, CoverageTests.Guests, Gen.Int[1, GuestPlan.GuestsMax], Gen.Long[0, Gibi]).Sample((host, guest, guests, more) =>
        {
            var small = new GuestPlan(host, guest, guests);
            var large = small with { Host = host with { Bytes = host.Bytes + more } };
            Assert.True(large.GuestsFit >= small.GuestsFit && large.GuestsFitUnmerged >= small.GuestsFitUnmerged);
            Assert.True(large.SwapForBreaksBytes <= small.SwapForBreaksBytes);
            Assert.True(large.Fits || !small.Fits);
        });

    [Fact]
    public void One_more_guest_never_helps_and_merging_never_hurts() =>
        Gen.Select(s_hosts, CoverageTests.Guests, Gen.Int[1, GuestPlan.GuestsMax - 1]).Sample((host, guest, guests) =>
        {
            var plan = new GuestPlan(host, guest, guests);
            var more = plan with { Guests = guests + 1 };
            Assert.True(more.MergedBytes >= plan.MergedBytes && more.UnmergedBytes >= plan.UnmergedBytes && more.PeakBytes >= plan.PeakBytes);
            Assert.True(plan.Coverage.ShortfallBytes <= more.Coverage.ShortfallBytes);
            Assert.InRange(plan.MergedBytes, 0, plan.UnmergedBytes);
            Assert.True(plan.GuestsFit >= plan.GuestsFitUnmerged);
        });

    [Fact]
    public void The_number_that_fits_is_the_last_that_does() =>
        Gen.Select(s_hosts, CoverageTests.Guests).Sample((host, guest) =>
        {
            var plan = new GuestPlan(host, guest, 0);
            var fit = plan.GuestsFit;
            Assert.True((plan with { Guests = fit }).Fits);
            Assert.False(fit < GuestPlan.GuestsMax && (plan with { Guests = fit + 1 }).Fits);
        });

    [Fact]
    public void A_guest_is_admitted_where_it_fits_and_coverage_stays_above_the_floor()
    {
        var guest = GuestDemand.Of(Gibi, new SharingProfile(2, Gibi, Gibi / 2, Gibi / 2), 0);
        AdmissionVerdict Verdict(long exposure, long headroom, double floor) =>
            new AdmissionScope("host", new Coverage(exposure, headroom), floor, guest).Verdict;
        var need = guest.NeededBytes;
        Assert.Equal(AdmissionVerdict.DoesNotFit, Verdict(0, need - 1, 0));
        Assert.Equal(AdmissionVerdict.Admitted, Verdict(0, need, 1));
        Assert.Equal(AdmissionVerdict.Admitted, Verdict(3 * Gibi, (3 * Gibi) + need, 1));
        Assert.Equal(AdmissionVerdict.BelowFloor, Verdict(3 * Gibi, (3 * Gibi) + need - 1, 1));
        Assert.Equal(AdmissionVerdict.BelowFloor, Verdict(3 * Gibi, (3 * Gibi) + need, 1.5));
    }

    [Fact]
    public void Whoever_is_admitted_is_admitted_with_more_headroom_or_a_lower_floor_too() =>
        Gen.Select(CoverageTests.Guests, Gen.Long[0, 1L << 45], Gen.Long[0, 1L << 46], Gen.Double[0, 4], Gen.Long[0, 1L << 40]).Sample((guest, exposure, headroom, floor, more) =>
            {
                var scope = new AdmissionScope("host", new Coverage(exposure, headroom), floor, guest);
                if (scope.Verdict == AdmissionVerdict.Admitted)
                {
                    Assert.Equal(AdmissionVerdict.Admitted, (scope with { Before = new Coverage(exposure, headroom + more) }).Verdict);
                    Assert.Equal(AdmissionVerdict.Admitted, (scope with { Floor = floor / 2 }).Verdict);
                    Assert.True(scope.After.IsAtLeast(floor));
                }
            });

    [Fact]
    public void One_scope_that_objects_is_enough()
    {
        var guest = GuestDemand.Of(Gibi, SharingProfile.None, 0);
        var rich = new AdmissionScope("host", new Coverage(0, 9 * Gibi), 1, guest);
        var poor = rich with { Name = "/machine", Before = new Coverage(0, Gibi / 2) };
        Assert.True(new Admission(guest, [rich]).IsAdmitted);
        Assert.False(new Admission(guest, [rich, poor]).IsAdmitted);
    }

    [Theory]
    [InlineData("1G", Gibi)]
    [InlineData("1.5g", 3 * Gibi / 2)]
    [InlineData("512MiB", 512 * Mebi)]
    [InlineData("512MB", 512 * Mebi)]
    [InlineData("4096", 4096)]
    [InlineData("64T", 64 * 1024 * Gibi)]
    public void Sizes_are_read(string text, long bytes) => Assert.Equal(bytes, SizeText.Parse("--host", text));

    [Theory]
    [InlineData("")]
    [InlineData("G")]
    [InlineData("-1G")]
    [InlineData("1X")]
    [InlineData("1 G")]
    [InlineData("0")]
    [InlineData("4095")]
    [InlineData("65T")]
    [InlineData("1e9")]
    [InlineData("1GG")]
    [InlineData("1iB")]
    [InlineData("99999999999999999999999999999999999999G")]
    public void What_is_no_size_is_refused(string text) =>
        Assert.Contains("512M", Assert.Throws<CommandFailure>(() => SizeText.Parse("--host", text)).Message, StringComparison.Ordinal);

    [Fact]
    public void Names_in_the_json_are_those_of_the_contract()
    {
        var kind = new GuestKind(ProfileSource.Like, new SharingProfile(2, Gibi, Gibi / 2, Gibi / 2), 0, GuestDemand.Of(Gibi, SharingProfile.None, 0));
        var plan = JsonDocument.Parse(PlanJson.From(new GuestPlan(new PlannedHost(8 * Gibi, 0, 0), kind.Demand, 2), kind, ["a"]).ToText()).RootElement;
        Assert.Equal("samepage.plan/1", plan.GetProperty("schema").GetString());
        Assert.Equal(
            "schema guests fits guests_fit guests_fit_unmerged guest host_bytes reserve_bytes swap_bytes unmerged_bytes merged_bytes peak_bytes "
            + "exposure_bytes headroom_bytes coverage swap_for_breaks_bytes swap_for_full_use_bytes assumptions",
            string.Join(' ', plan.EnumerateObject().Select(field => field.Name)));
        Assert.Equal(
            "profile profiled_guests size_bytes resident_bytes unique_bytes common_bytes overhead_bytes needed_bytes merged_bytes",
            string.Join(' ', plan.GetProperty("guest").EnumerateObject().Select(field => field.Name)));
        var scope = new AdmissionScope("host", new Coverage(0, Gibi), 1, kind.Demand);
        var host = new HostCoverage(new Exposure(0, 0), new HostHeadroom(Gibi, 0));
        var admit = JsonDocument.Parse(AdmissionJson.From(new Admission(kind.Demand, [scope]), host, kind, null, []).ToText()).RootElement;
        Assert.Equal("samepage.admit/1", admit.GetProperty("schema").GetString());
        Assert.Equal("schema admitted guest host scopes assumptions daemon_refusal", string.Join(' ', admit.EnumerateObject().Select(field => field.Name)));
        Assert.Equal(
            "name verdict coverage_floor exposure_bytes headroom_bytes coverage exposure_with_guest_bytes headroom_with_guest_bytes coverage_with_guest",
            string.Join(' ', admit.GetProperty("scopes")[0].EnumerateObject().Select(field => field.Name)));
        Assert.Equal(("does_not_fit", JsonValueKind.Null), (admit.GetProperty("scopes")[0].GetProperty("verdict").GetString(), admit.GetProperty("scopes")[0].GetProperty("coverage").ValueKind));
    }
}
