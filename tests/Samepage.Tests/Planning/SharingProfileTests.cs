using CsCheck;
using Samepage.Cli;
using Samepage.Cli.Rendering;
using Samepage.Estimating;
using Samepage.Planning;
using Samepage.Tests.Reporting;

namespace Samepage.Tests.Planning;

/// <summary>What is learned of guests from an estimate, be it fresh or from a file.</summary>
public sealed class SharingProfileTests : IDisposable
{
    private const long Page = 4096;
    private readonly TemporaryTree _tree = new();

    public void Dispose() => _tree.Dispose();

    [Fact]
    public void What_all_hold_alike_is_common_and_the_rest_is_unique()
    {
        // Three guests of 100 pages: 60 alike, 30 of their own, 10 zero.
        var alone = new GuestPortion(100, 90, 0);
        var profile = SharingProfile.Of(new GuestPortion(300, 60 + (3 * 30), 0), [alone, alone, alone]);
        Assert.Equal(new SharingProfile(3, 100 * Page, 30 * Page, 60 * Page), profile);
    }

    [Fact]
    public void One_guest_tells_nothing_of_what_two_would_share()
    {
        var profile = SharingProfile.Of(new GuestPortion(100, 70, 4), [new GuestPortion(100, 70, 4)]);
        Assert.Equal(new SharingProfile(1, 104 * Page, 74 * Page, 0), profile);
    }

    [Fact]
    public void Zeros_merge_and_what_changes_or_is_swapped_does_not() =>
        Assert.Equal(new GuestPortion(110, 60 + 5 + 10, 2), GuestPortion.Of(present: 100, zero: 20, distinct: 61, changing: 5, swapped: 10, unmergeableBytes: 4097));

    [Fact]
    public void The_profile_foretells_the_guests_it_was_taken_from() =>
        Gen.Select(Gen.Int[2, 40], Gen.Long[0, 100_000], Gen.Long[0, 100_000], Gen.Long[0, 100_000]).Sample((count, own, alike, free) =>
        {
            var alone = new GuestPortion(own + alike + free, own + alike, 0);
            var together = new GuestPortion(count * alone.ResidentPages, alike + (count * own), 0);
            var profile = SharingProfile.Of(together, [.. Enumerable.Repeat(alone, count)]);
            Assert.Equal((own * Page, alike * Page), (profile.UniqueBytes!.Value, profile.CommonBytes));
        });

    [Fact]
    public void Odd_counts_make_no_odd_profile() =>
        Gen.Select(Gen.Long[0, 1L << 40].Array[3].Array[1, 5], Gen.Long[0, 1L << 40].Array[2]).Sample((alone, together) =>
            {
                var profile = SharingProfile.Of(new GuestPortion(together[0], together[1], 0), [.. alone.Select(part => new GuestPortion(part[0], part[1], part[2]))]);
                Assert.InRange(profile.UniqueBytes!.Value, 0, profile.ResidentBytes!.Value);
                Assert.InRange(profile.CommonBytes, 0, profile.ResidentBytes.Value - profile.UniqueBytes.Value);
            });

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    public void An_estimate_in_a_file_says_the_same_as_the_estimate(int targets)
    {
        var estimate = MadeUpEstimate.Of(targets, isVolatile: true);
        var read = EstimateFile.Read(Written(estimate));
        Assert.Equal(SharingProfile.Of(estimate), read);
        Assert.Equal(targets, read.Guests);
        Assert.True(read.ResidentBytes > read.UniqueBytes);
        Assert.Equal(targets > 1, read.CommonBytes > 0);
    }

    [Theory]
    [InlineData("\"schema\": \"samepage.estimate/1\"", "\"schema\": \"samepage.status/1\"", "has no \"schema\": \"samepage.estimate/1\"")]
    [InlineData("\"partial\": false", "\"partial\": true", "cut short")]
    [InlineData("\"distinct_pages\"", "\"no_pages\"", "lacks totals.distinct_pages")]
    [InlineData("\"totals\"", "\"total\"", "lacks totals")]
    [InlineData("\"present_pages\": ", "\"present_pages\": -", "has no count in totals.present_pages")]
    [InlineData("\"zero_pages\": ", "\"zero_pages\": 1.5e", "has no count in totals.zero_pages")]
    [InlineData("\"reason\"", "\"because\"", ".not_mergeable[].reason; give")]
    [InlineData("{\n", "{{\n", "is not JSON (line 1)")]
    public void What_is_no_estimate_is_refused_on_one_line(string from, string to, string why)
    {
        var path = Written(MadeUpEstimate.Of(2));
        var text = File.ReadAllText(path);
        var at = text.IndexOf(from, StringComparison.Ordinal);
        File.WriteAllText(path, text[..at] + to + text[(at + from.Length)..]);
        var failure = Assert.Throws<CommandFailure>(() => EstimateFile.Read(path));
        Assert.Equal(ExitCode.Usage, failure.ExitCode);
        Assert.Contains(why, failure.Message, StringComparison.Ordinal);
        Assert.Contains("samepage estimate", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', failure.Message);
    }

    [Fact]
    public void The_largest_counts_overflow_nothing()
    {
        const long Pages = 1L << 40;
        var counts = $"\"present_pages\": {Pages}, \"zero_pages\": {Pages}, \"distinct_pages\": {Pages}, \"volatile_pages\": {Pages}, \"swapped_pages\": {Pages}";
        var memory = $"\"not_mergeable\": [{string.Join(", ", Enumerable.Repeat($"{{\"reason\": \"huge_tlb\", \"resident_bytes\": {Pages * 4096}}}", 3000))}]";
        var targets = string.Join(", ", Enumerable.Repeat($"{{{counts}, {memory}}}", 40));
        _tree["large.json"] = $"{{\"schema\": \"samepage.estimate/1\", \"partial\": false, \"totals\": {{{counts}}}, \"targets\": [{targets}], {memory}}}";
        var profile = EstimateFile.Read(_tree.PathOf("large.json"));
        Assert.Equal(3 * Pages * Page, profile.ResidentBytes);
        Assert.InRange(profile.UniqueBytes!.Value, Pages * Page, profile.ResidentBytes!.Value);
        var plan = new GuestPlan(new PlannedHost(GuestPlan.SizeBytesMax, 0, 0), GuestDemand.Of(GuestPlan.SizeBytesMax, profile, GuestPlan.SizeBytesMax), GuestPlan.GuestsMax);
        Assert.True(plan.SwapForFullUseBytes > 0 && plan.UnmergedBytes > 0 && plan.GuestsFit == 0);
    }

    [Fact]
    public void An_estimate_without_targets_is_refused()
    {
        _tree["e.json"] = """{"schema": "samepage.estimate/1", "partial": false, "targets": [], "totals": {}}""";
        Assert.Contains("0 targets", Assert.Throws<CommandFailure>(() => EstimateFile.Read(_tree.PathOf("e.json"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Whatever_is_cut_out_of_an_estimate_there_is_a_profile_or_one_line()
    {
        var text = File.ReadAllText(Written(MadeUpEstimate.Of(2)));
        Gen.Select(Gen.Int[0, text.Length - 1], Gen.Int[1, 200], Gen.String[Gen.Char["{}[]\",:0-9e."], 0, 5]).Sample((at, length, put) =>
        {
            _tree["cut.json"] = text[..at] + put + text[Math.Min(text.Length, at + length)..];
            try
            {
                var profile = EstimateFile.Read(_tree.PathOf("cut.json"));
                Assert.InRange(profile.UniqueBytes!.Value, 0, profile.ResidentBytes!.Value);
            }
            catch (CommandFailure failure)
            {
                Assert.DoesNotContain('\n', failure.Message);
            }
        }, iter: 300, threads: 1);
    }

    private string Written(Estimate estimate)
    {
        _tree["estimate.json"] = EstimateJson.From(estimate, new EstimateOptions(), DateTimeOffset.UnixEpoch, addressMap: false).ToText();
        return _tree.PathOf("estimate.json");
    }
}
