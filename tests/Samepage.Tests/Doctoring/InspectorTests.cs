using Samepage.Doctoring;
using Samepage.Linux;
using Samepage.Linux.Probes;
using Samepage.Linux.Proc;

namespace Samepage.Tests.Doctoring;

public class InspectorTests
{
    private static readonly UserfaultOffer s_refused = new(Errno.EPERM, false, false, false);

    [Fact]
    public void A_host_that_has_everything_is_well()
    {
        using var host = new MadeUpHost();
        var report = host.Inspect();
        Assert.True(report.CanMerge);
        Assert.Equal("6.18.1-test", report.Kernel);
        Assert.Empty(report.Findings.Where(finding => finding.State != FindingState.Ok).Select(finding => finding.Id));
        Assert.Equal(report.Findings.Count, report.Findings.Select(finding => finding.Id).Distinct().Count());
        Assert.All(report.Findings, finding => Assert.Null(finding.Remedy));
    }

    [Fact]
    public void Without_merging_in_the_kernel_the_verdict_is_no()
    {
        using var host = new MadeUpHost();
        host.RemoveKsm();
        Assert.False(host.Inspect().CanMerge);
        Assert.Equal(FindingState.Missing, host.Find("ksm").State);
        Assert.Contains("CONFIG_KSM", host.Find("ksm").Remedy);
        Assert.DoesNotContain(host.Inspect().Findings, finding => finding.Id is "ksmd" or "advisor");
    }

    [Fact]
    public void An_old_kernel_has_no_opt_in_no_scan_request_and_no_move()
    {
        using var host = new MadeUpHost
        {
            OptInAnswer = Errno.EINVAL,
            PagemapScanAnswer = Errno.ENOTTY,
            CallAnswer = new UserfaultOffer(Errno.None, false, true, false),
            DeviceAnswer = new UserfaultOffer(Errno.ENOENT, false, false, false),
        };
        host.Tree.Remove("sys/kernel/mm/ksm/smart_scan");
        host.Tree.Remove("sys/kernel/mm/ksm/advisor_mode");
        Assert.False(host.Inspect().CanMerge);
        Assert.Contains("6.4", host.Find("prctl").Remedy);
        Assert.Equal(FindingState.Missing, host.Find("exec").State);
        Assert.Contains("6.7", host.Find("pagemap_scan").Remedy);
        Assert.Equal(FindingState.Missing, host.Find("uffd_move").State);
        Assert.Contains("before 6.7", host.Find("smart_scan").Found);
    }

    [Theory]
    [InlineData(null, FindingState.Limited)]
    [InlineData(false, FindingState.Limited)]
    [InlineData(true, FindingState.Ok)]
    public void Inheritance_is_what_the_probe_found(bool? answer, FindingState expected)
    {
        using var host = new MadeUpHost { InheritanceAnswer = answer };
        Assert.Equal(expected, host.Find("exec").State);
        Assert.True(host.Inspect().CanMerge);
    }

    [Fact]
    public void The_advisor_holds_the_pace()
    {
        using var host = new MadeUpHost();
        host.Tree["sys/kernel/mm/ksm/advisor_mode"] = "none [scan-time]\n";
        host.Tree["sys/kernel/mm/ksm/advisor_target_scan_time"] = "200\n";
        host.Tree["sys/kernel/mm/ksm/advisor_max_cpu"] = "70\n";
        var pace = host.Find("advisor");
        Assert.Equal(FindingState.Limited, pace.State);
        Assert.Contains("200 s, at most 70 %", pace.Found);
        Assert.Contains("advisor_mode", pace.Remedy);
    }

    [Fact]
    public void The_default_pace_is_told_in_time()
    {
        using var host = new MadeUpHost();
        host.Tree["sys/kernel/mm/ksm/pages_to_scan"] = "100\n";
        Assert.Contains("64 GiB take 56 minutes a pass", host.Find("advisor").Meaning);
    }

    /// <summary>Who followed a remedy there would take ksmd out of its hands.</summary>
    [Theory]
    [InlineData(Errno.None)]
    [InlineData(Errno.EACCES)]
    public void What_a_daemon_drives_needs_no_remedy(Errno write)
    {
        using var host = new MadeUpHost { WriteAnswer = write, Driver = "the daemon (process 7)" };
        (host.Tree["sys/kernel/mm/ksm/run"], host.Tree["sys/kernel/mm/ksm/pages_to_scan"], host.Tree["sys/kernel/mm/ksm/smart_scan"]) = ("0\n", "100\n", "1\n");
        Assert.All(["ksmd", "advisor", "smart_scan"], (string id) => Assert.Equal((FindingState.Ok, null), (host.Find(id).State, host.Find(id).Remedy)));
        Assert.Contains("process 7", host.Find("ksmd").Meaning, StringComparison.Ordinal);
        host.Tree["sys/kernel/mm/ksm/advisor_mode"] = "none [scan-time]\n";
        Assert.Equal((FindingState.Ok, null), (host.Find("advisor").State, host.Find("advisor").Remedy));
        host.Tree["sys/kernel/mm/ksm/advisor_mode"] = "[none] scan-time\n";
        host.Driver = null;
        Assert.All(["ksmd", "advisor", "smart_scan"], (string id) => Assert.NotEqual((FindingState.Ok, null), (host.Find(id).State, host.Find(id).Remedy)));
    }

    [Theory]
    [InlineData("0", Errno.None, FindingState.Limited, true)]
    [InlineData("0", Errno.EACCES, FindingState.Limited, true)]
    [InlineData("0", Errno.EROFS, FindingState.Missing, false)]
    [InlineData("1", Errno.EROFS, FindingState.Ok, true)]
    [InlineData("2", Errno.None, FindingState.Limited, true)]
    public void Whether_ksmd_runs_and_may_be_started_is_told(string run, Errno write, FindingState expected, bool canMerge)
    {
        using var host = new MadeUpHost { WriteAnswer = write };
        host.Tree["sys/kernel/mm/ksm/run"] = run + "\n";
        Assert.Equal(expected, host.Find("ksmd").State);
        Assert.Equal(canMerge, host.Inspect().CanMerge);
    }

    [Theory]
    [InlineData("0", true, FindingState.Ok)]
    [InlineData("1", true, FindingState.Ok)]
    [InlineData("2", true, FindingState.Ok)]
    [InlineData("3", true, FindingState.Missing)]
    [InlineData("0", false, FindingState.Limited)]
    [InlineData("1", false, FindingState.Limited)]
    [InlineData("2", false, FindingState.Missing)]
    [InlineData(null, true, FindingState.Ok)]
    public void The_scope_of_ptrace_is_told(string? scope, bool isRoot, FindingState expected)
    {
        using var host = new MadeUpHost();
        if (scope is null)
        {
            host.Tree.Remove("proc/sys/kernel/yama/ptrace_scope");
        }
        else
        {
            host.Tree["proc/sys/kernel/yama/ptrace_scope"] = scope + "\n";
        }

        host.Tree["proc/self/status"] = isRoot ? "CapEff:\t000001ffffffffff\n" : "CapEff:\t0000000000000000\n";
        Assert.Equal(expected, host.Find("ptrace").State);
    }

    [Fact]
    public void Who_is_not_root_is_told_what_is_out_of_reach()
    {
        using var host = new MadeUpHost { FrameNumbersAnswer = false, WriteAnswer = Errno.EACCES, CallAnswer = s_refused, DeviceAnswer = s_refused with { Error = Errno.EACCES } };
        host.Tree["proc/self/status"] = "Uid:\t1000\t1000\t1000\t1000\nCapEff:\t0000000000000000\n";
        Assert.True(host.Inspect().CanMerge);
        foreach (var id in new[] { "process_vm_readv", "frame_numbers", "ptrace", "userfaultfd", "privileges" })
        {
            Assert.Equal(FindingState.Limited, host.Find(id).State);
            Assert.NotNull(host.Find(id).Remedy);
        }

        Assert.Contains("EPERM", host.Find("userfaultfd").Found);
        Assert.Contains("CAP_SYS_ADMIN", host.Find("privileges").Found);
    }

    [Fact]
    public void The_device_is_enough_for_userfaultfd()
    {
        using var host = new MadeUpHost { CallAnswer = s_refused };
        Assert.Contains("by /dev/userfaultfd", host.Find("userfaultfd").Found);
        Assert.Equal(FindingState.Ok, host.Find("uffd_move").State);
    }

    [Fact]
    public void A_kernel_without_userfaultfd_is_told_from_a_refusal()
    {
        using var host = new MadeUpHost { CallAnswer = s_refused with { Error = Errno.ENOSYS }, DeviceAnswer = s_refused with { Error = Errno.ENOENT } };
        Assert.Equal(FindingState.Missing, host.Find("userfaultfd").State);
    }

    [Theory]
    [InlineData("cgroup2 /sys/fs/cgroup cgroup2 rw 0 0", "version 2, with the memory")]
    [InlineData("cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0", "version 1")]
    [InlineData("cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0\ncgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0", "hybrid")]
    [InlineData("cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0", "without the memory controller")]
    [InlineData("", "none mounted")]
    public void The_version_of_control_groups_is_told(string mounts, string expected)
    {
        using var host = new MadeUpHost();
        host.Tree["proc/self/mounts"] = mounts + "\n";
        Assert.Contains(expected, host.Find("cgroup").Found);
    }

    [Fact]
    public void No_swap_strict_overcommit_no_pressure_and_few_mappings_are_limits()
    {
        using var host = new MadeUpHost();
        host.Tree["proc/swaps"] = "Filename\tType\tSize\tUsed\tPriority\n";
        host.Tree["proc/sys/vm/overcommit_memory"] = "2\n";
        host.Tree["proc/sys/vm/max_map_count"] = "1000\n";
        host.Tree["sys/kernel/mm/transparent_hugepage/enabled"] = "[always] madvise never\n";
        host.Tree.Remove("proc/pressure/memory");
        Assert.All(new[] { "swap", "overcommit", "max_map_count", "thp", "psi" }, id => Assert.Equal(FindingState.Limited, host.Find(id).State));
    }

    [Fact]
    public void Files_full_of_garbage_are_never_fatal()
    {
        using var host = new MadeUpHost();
        foreach (var file in Directory.EnumerateFiles(host.Tree.Root, "*", SearchOption.AllDirectories))
        {
            File.WriteAllText(file, "\0[garbage 99999999999999999999\n]]\n  \n:");
        }

        Assert.NotEmpty(host.Inspect().Findings);
    }

    [Fact]
    public void An_empty_host_is_never_fatal()
    {
        using var host = new MadeUpHost();
        Directory.Delete(host.Tree.Root, recursive: true);
        Directory.CreateDirectory(host.Tree.Root);
        Assert.False(host.Inspect().CanMerge);
    }

    /// <summary>On the machine itself: the probes run for real and leave the process as it was.</summary>
    [Fact]
    public void Real_probes_leave_no_trace()
    {
        var before = MemoryMerge.IsOptedIn;
        var report = new Inspector(new ProcFs(), "/sys", new LiveKernelProbes(null)).Inspect();
        Assert.Equal(before, MemoryMerge.IsOptedIn);
        Assert.Contains(report.Findings, finding => finding is { Id: "process_vm_readv", State: not FindingState.Missing });
        Assert.Equal(before is null ? FindingState.Missing : FindingState.Ok, report.Findings.Single(finding => finding.Id == "prctl").State);
    }

    [Fact]
    public void A_program_that_says_nothing_of_itself_leaves_inheritance_unknown()
    {
        Assert.Null(MergeProbe.IsKeptOverExec(["/bin/true"]));
        Assert.Null(MergeProbe.IsKeptOverExec(["/nonexistent"]));
    }
}
