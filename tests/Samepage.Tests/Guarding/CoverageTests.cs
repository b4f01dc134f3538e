using CsCheck;
using Samepage.Guarding;
using Samepage.Linux.Proc;
using Samepage.Linux.Sys;
using Samepage.Merging.User.Keeping;
using Samepage.Planning;
using Samepage.Targets;

namespace Samepage.Tests.Guarding;

/// <summary>Exposure, headroom and coverage of made-up hosts and control groups.</summary>
public sealed class CoverageTests : IDisposable
{
    private const long Mebi = 1 << 20;
    private const long Page = 4096;
    private readonly TemporaryTree _tree = new();

    private ProcFs Proc => new(_tree.PathOf("proc"));

    public void Dispose() => _tree.Dispose();

    [Fact]
    public void Coverage_is_headroom_by_exposure_and_the_gap_is_what_is_missing()
    {
        Assert.Equal(0.5, new Coverage(200, 100).Ratio);
        Assert.Equal(100, new Coverage(200, 100).ShortfallBytes);
        Assert.Equal(0, new Coverage(200, 300).ShortfallBytes);
        Assert.Equal(250, new Coverage(200, -50).ShortfallBytes);
        Assert.Null(new Coverage(0, 100).Ratio);
        Assert.True(new Coverage(200, 100).IsAtLeast(0.5));
        Assert.False(new Coverage(200, 100).IsAtLeast(0.51));
        Assert.True(new Coverage(0, 0).IsAtLeast(1000));
        Assert.False(new Coverage(0, -1).IsAtLeast(1));
    }

    [Fact]
    public void A_host_is_exposed_by_what_ksmd_saved_and_by_what_members_map_from_segments()
    {
        _tree["ksm/pages_sharing"] = "1000\n";
        _tree["ksm/pages_shared"] = "100\n";
        _tree["ksm/ksm_zero_pages"] = "24\n";
        _tree["proc/meminfo"] = $"MemTotal: {900 * 1024} kB\nMemAvailable: {500 * 1024} kB\nSwapFree: {200 * 1024} kB\n";
        var host = HostCoverage.Read(Proc, new KsmSysfs(_tree.PathOf("ksm")), [Domain((7, 300), (8, 5))]);
        Assert.Equal((1024 * Page, 305 * Page), (host.Exposure.KernelBytes, host.Exposure.UserBytes));
        Assert.Equal(new Coverage(1329 * Page, (700 * Mebi) - HostHeadroom.ReserveBytes), host.Coverage);
    }

    /// <summary>A keeper may say what it likes: sums neither overflow nor turn negative.</summary>
    [Fact]
    public void Members_that_lie_without_measure_overflow_no_sum()
    {
        _tree["ksm/pages_sharing"] = "0\n";
        _tree["proc/meminfo"] = $"MemTotal: {900 * 1024} kB\nMemAvailable: {500 * 1024} kB\nSwapFree: 0 kB\n";
        var liar = Domain([.. Enumerable.Range(1, 4096).Select(pid => (pid, 1UL << 36))]);
        var host = HostCoverage.Read(Proc, new KsmSysfs(_tree.PathOf("ksm")), [.. Enumerable.Repeat(liar, 64)]);
        Assert.InRange(host.Exposure.Bytes, 1L << 50, 1L << 53);
        Assert.InRange(host.Coverage.Ratio!.Value, 0, 0.001);
    }

    /// <summary>What goes to zram stays in memory, at half its size.</summary>
    [Fact]
    public void Free_swap_in_memory_counts_half()
    {
        _tree["proc/meminfo"] = $"MemTotal: {900 * 1024} kB\nMemAvailable: {500 * 1024} kB\nSwapFree: {200 * 1024} kB\n";
        _tree["proc/swaps"] = "Filename Type Size Used Priority\n"
            + $"/dev/zram0 partition {160 * 1024} {60 * 1024} 100\n/swap/file file {100 * 1024} 0 -2\n";
        Assert.Equal((500 * Mebi, 150 * Mebi), (HostHeadroom.Read(Proc).AvailableBytes, HostHeadroom.Read(Proc).SwapFreeBytes));
    }

    [Fact]
    public void All_groups_with_a_limit_are_found_with_what_of_them_is_in_swap()
    {
        _tree["cgroup/cgroup.controllers"] = "memory\n";
        (_tree["cgroup/a/memory.max"], _tree["cgroup/a/memory.current"], _tree["cgroup/a/memory.stat"]) = ($"{900 * Mebi}\n", $"{890 * Mebi}\n", $"active_file {30 * Mebi}\n");
        (_tree["cgroup/a/memory.swap.max"], _tree["cgroup/a/memory.swap.current"]) = ("max\n", $"{70 * Mebi}\n");
        (_tree["cgroup/a/b/memory.max"], _tree["cgroup/a/b/memory.current"]) = ("max\n", "1\n");
        (_tree["cgroup/memory/c/memory.limit_in_bytes"], _tree["cgroup/memory/c/memory.usage_in_bytes"]) = ($"{64 * Mebi}\n", $"{60 * Mebi}\n");
        _tree["cgroup/memory/c/memory.stat"] = $"swap 1\ntotal_swap {5 * Mebi}\ntotal_active_file 0\n";
        var found = ControlGroupHeadroom.OfAll(_tree.PathOf("cgroup")).OrderBy(group => group.Group).ToList();
        Assert.Equal([("/a", 40 * Mebi, 70 * Mebi), ("/c", 4 * Mebi, 5 * Mebi)], found.Select(group => (group.Group, group.MemoryBytes, group.SwappedBytes)));
    }

    /// <summary>The kernel asks all groups above as well, also those without a limit of memory: a slice that may not swap at all.</summary>
    [Fact]
    public void A_group_may_swap_what_those_above_let_it()
    {
        _tree["cgroup/cgroup.controllers"] = "memory\n";
        (_tree["cgroup/slice/memory.max"], _tree["cgroup/slice/memory.current"]) = ("max\n", $"{95 * Mebi}\n");
        (_tree["cgroup/slice/memory.swap.max"], _tree["cgroup/slice/memory.swap.current"]) = ($"{50 * Mebi}\n", $"{20 * Mebi}\n");
        (_tree["cgroup/slice/vm/memory.max"], _tree["cgroup/slice/vm/memory.current"]) = ($"{100 * Mebi}\n", $"{90 * Mebi}\n");
        (_tree["cgroup/slice/vm/memory.swap.max"], _tree["cgroup/slice/vm/memory.swap.current"]) = ("max\n", $"{5 * Mebi}\n");
        var found = Assert.Single(ControlGroupHeadroom.OfAll(_tree.PathOf("cgroup")));
        Assert.Equal(("/slice/vm", 40 * Mebi, 30 * Mebi), (found.Group, found.Bytes, found.SwapAllowedBytes));
    }

    /// <summary>As after its limit was lowered: what it uses too much must go to its swap first.</summary>
    [Fact]
    public void A_group_over_its_limit_has_less_to_supply_than_its_swap()
    {
        Assert.Equal(30, new ControlGroupHeadroom("/over", 100, 130, 10, 50).Bytes);
        Assert.Equal(0, new ControlGroupHeadroom("/over", 100, 130, 10, 50).MemoryBytes);
    }

    /// <summary>Breaking pages waits while programs wait for memory, and gives up in the end.</summary>
    [Fact]
    public void Under_pressure_no_slice_is_broken()
    {
        var guard = new BreakGuard(Proc) { Patience = TimeSpan.FromMilliseconds(300) };
        Assert.Null(guard.WaitForCalm(CancellationToken.None));
        _tree["proc/pressure/memory"] = "some avg10=42.50 avg60=0.00 avg300=0.00 total=0\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n";
        Assert.Contains("programs wait for memory 4", guard.WaitForCalm(CancellationToken.None), StringComparison.Ordinal);
        Assert.Null(guard.WaitForCalm(new CancellationToken(canceled: true)));
        _tree["proc/pressure/memory"] = "some avg10=9.00 avg60=90.00 avg300=0.00 total=0\n";
        Assert.Null(guard.WaitForCalm(CancellationToken.None));
    }

    [Fact]
    public void A_member_that_lies_overflows_no_sum()
    {
        var host = Exposure.OfHost(new KsmSysfs(_tree.PathOf("none")), [Domain((7, ulong.MaxValue), (8, ulong.MaxValue))]);
        Assert.Equal(1L << 52, host.Bytes);
    }

    [Fact]
    public void A_host_whose_memory_cannot_be_read_has_no_coverage() =>
        Assert.Null(HostCoverage.TryRead(Proc, new KsmSysfs(_tree.PathOf("ksm")), []));

    [Fact]
    public void Each_limited_group_above_a_guest_is_exposed_by_its_own_processes()
    {
        TwoLevels();
        var levels = ControlGroupCoverage.ReadLevels(Proc, Group("/machine/guests"), 1000 * Mebi, [Domain((21, 10), (30, 999))]);
        Assert.Equal(["/machine/guests", "/machine"], levels.Select(level => level.Headroom.Group));
        Assert.Equal([new Coverage(70 * Page, 20 * Mebi), new Coverage(370 * Page, 150 * Mebi)], levels.Select(level => level.Coverage));
        Assert.Equal([0, 0], levels.Select(level => level.UnreadableProcesses));
    }

    [Theory]
    [InlineData("/machine/guests")]
    [InlineData("/machine/guests/")]
    [InlineData("ROOT/machine/guests")]
    public void A_group_is_found_by_path_and_by_directory(string text)
    {
        TwoLevels();
        Assert.Equal(Group("/machine/guests"), ControlGroup.Find(text.Replace("ROOT", _tree.PathOf("cgroup")), _tree.PathOf("cgroup")));
    }

    [Theory]
    [InlineData("/", "root")]
    [InlineData("ROOT", "root")]
    [InlineData("/nosuch", "does not exist")]
    [InlineData("machine", "does not exist")]
    [InlineData("/machine/../../proc", "does not exist")]
    public void What_is_no_group_is_refused(string text, string why)
    {
        TwoLevels();
        var error = Assert.Throws<TargetException>(() => ControlGroup.Find(text.Replace("ROOT", _tree.PathOf("cgroup")), _tree.PathOf("cgroup")));
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Version_1_is_found_where_it_limits_memory()
    {
        _tree["cgroup/memory/guests/memory.limit_in_bytes"] = $"{100 * Mebi}\n";
        _tree["cgroup/memory/guests/memory.usage_in_bytes"] = $"{60 * Mebi}\n";
        _tree["cgroup/unified/guests/cgroup.procs"] = "";
        var group = ControlGroup.Find("/guests", _tree.PathOf("cgroup"));
        Assert.False(group.IsUnified);
        Assert.Equal(40 * Mebi, Assert.Single(ControlGroupCoverage.ReadLevels(Proc, group, 0, [])).Coverage.HeadroomBytes);
    }

    [Fact]
    public void Admitting_never_makes_coverage_better() =>
        Gen.Select(Guests, Gen.Long[0, 1L << 45], Gen.Long[-(1L << 45), 1L << 45]).Sample((guest, exposure, headroom) =>
        {
            var before = new Coverage(exposure, headroom);
            var after = before.After(guest);
            Assert.True(after.ExposureBytes >= before.ExposureBytes && after.HeadroomBytes <= before.HeadroomBytes);
            Assert.True(after.ShortfallBytes >= before.ShortfallBytes);
            foreach (var floor in new[] { 0, 0.3, 1, 1.5, 7 })
            {
                Assert.True(before.IsAtLeast(floor) || !after.IsAtLeast(floor));
            }
        });

    internal static Gen<GuestDemand> Guests =>
        from size in Gen.Long[4096, GuestPlan.SizeBytesMax]
        from monitor in Gen.Long[0, size]
        from resident in Gen.Long[0, 1L << 44]
        from unique in Gen.Double[0, 1]
        from common in Gen.Double[0, 1]
        from known in Gen.Bool
        let own = (long)(resident * unique)
        select GuestDemand.Of(size, known ? new SharingProfile(3, resident, own, (long)((resident - own) * common)) : SharingProfile.None, monitor);

    private static DomainReport Domain(params (int Pid, ulong MergedPages)[] members) => new(
        DomainReport.SchemaName, "d", 1, 0, 0, 0, 0, 0, 0, new SegmentsReport(0, 0, 0, 0),
        [.. members.Select(member => new MemberReport(member.Pid, "m", 0, "merging", "", 0, 0, new MemberFigures(0, member.MergedPages, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), []))]);

    private ControlGroup Group(string path) => new(_tree.PathOf("cgroup"), path, IsUnified: true);

    private void TwoLevels()
    {
        _tree["cgroup/cgroup.controllers"] = "memory\n";
        Limit("machine", 300, 150, "20\n");
        Limit("machine/guests", 100, 80, "21\n0\n");
        _tree["cgroup/machine/guests/one/cgroup.procs"] = "22\n";
        _tree["proc/20/ksm_stat"] = "ksm_merging_pages 300\nksm_zero_pages 0\n";
        _tree["proc/21/ksm_stat"] = "ksm_merging_pages 40\nksm_zero_pages 5\n";
        _tree["proc/22/ksm_stat"] = "ksm_merging_pages 15\nksm_zero_pages 0\n";
        _tree["proc/23/ksm_stat"] = "ksm_merging_pages 9999\nksm_zero_pages 0\n";
    }

    private void Limit(string group, long mebi, long usedMebi, string pids)
    {
        _tree[$"cgroup/{group}/memory.max"] = $"{mebi * Mebi}\n";
        _tree[$"cgroup/{group}/memory.current"] = $"{usedMebi * Mebi}\n";
        _tree[$"cgroup/{group}/memory.swap.max"] = "0\n";
        _tree[$"cgroup/{group}/cgroup.procs"] = pids;
    }
}
