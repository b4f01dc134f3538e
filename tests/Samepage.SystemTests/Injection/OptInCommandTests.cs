using System.Globalization;
using Samepage.Linux.Proc;

namespace Samepage.SystemTests.Injection;

/// <summary>The verbs of the kernel engine as a user meets them: the published executable on real programs.</summary>
public class OptInCommandTests
{
    private const int Mebibytes = 96;
    private const long Pages = Mebibytes * 256;

    [Fact]
    public void Enable_starts_ksmd_and_disable_takes_everything_back()
    {
        using var lease = KsmdLease.Take();
        using var program = Filled();
        var (status, output, errors) = SamepageCommand.Run("enable", "--pid", $"{program.Pid}");
        Assert.Equal((0, "samepage: started ksmd (wrote 1 to /sys/kernel/mm/ksm/run)\n"), (status, errors));
        Assert.Contains("enabled, one thread stopped for ", output, StringComparison.Ordinal);
        Assert.Equal(1, lease.Ksm.Number("run"));

        lease.Start();
        AwaitMerged(program.Pid);
        var document = SamepageCommand.Json(0, "disable", "--pid", $"{program.Pid}");
        Assert.Equal("samepage.disable/1", document.GetProperty("schema").GetString());
        var entry = document.GetProperty("targets")[0];
        Assert.Equal("done", entry.GetProperty("outcome").GetString());
        Assert.InRange(entry.GetProperty("merged_pages_before").GetInt64(), Pages * 9 / 10, Pages + 1000);
        Assert.Equal(0, entry.GetProperty("merged_pages_after").GetInt64());
        Assert.InRange(entry.GetProperty("stops").GetInt32(), Mebibytes / 8, 60);
        AssertUnmerged(program.Pid, isOptedIn: false);
        program.AssertIntact();
    }

    /// <summary>The opt-out alone does not reach memory that the program advised: QEMU does.</summary>
    [Fact]
    public void Disable_reaches_memory_that_the_program_advised_itself()
    {
        using var lease = KsmdLease.Take();
        using var program = Filled("region");
        lease.Start();
        AwaitMerged(program.Pid);
        Assert.False(InjectionTarget.IsOptedIn(program.Pid));
        var (status, output, _) = SamepageCommand.Run("disable", "--pid", $"{program.Pid}");
        Assert.Equal(0, status);
        Assert.Contains("disabled, ", output, StringComparison.Ordinal);
        AssertUnmerged(program.Pid, isOptedIn: false);
        Assert.DoesNotContain(Smaps.Read(InjectionTarget.Proc, program.Pid), region => region.IsMergeable);
        program.AssertIntact();
    }

    [Fact]
    public void Unmerge_breaks_pages_and_leaves_the_opt_in()
    {
        using var lease = KsmdLease.Take();
        using var program = Filled("region");
        Assert.Equal(0, SamepageCommand.Run("enable", "--pid", $"{program.Pid}", "--no-start").Status);
        lease.Start();
        AwaitMerged(program.Pid);
        lease.Ksm.Write("run", 0);

        var dry = SamepageCommand.Json(0, "unmerge", "--pid", $"{program.Pid}", "--dry-run");
        Assert.True(dry.GetProperty("dry_run").GetBoolean());
        Assert.True(KsmStat.TryRead(InjectionTarget.Proc, program.Pid)!.MergingPages > Pages * 9 / 10);

        Assert.Equal(0, SamepageCommand.Run("unmerge", "--pid", $"{program.Pid}").Status);
        AssertUnmerged(program.Pid, isOptedIn: true);
        program.AssertIntact();
        lease.Ksm.Write("run", 1);
        AwaitMerged(program.Pid);
    }

    /// <summary>All processes, that is: all in a process namespace of the test's own.</summary>
    [Fact]
    public void Unmerge_without_targets_stops_ksmd_and_breaks_all()
    {
        using var lease = KsmdLease.Take();
        var program = TargetProgram.Compile("holder");
        var script = $$"""
            exec 3>&1
            { echo fill 1; while sleep 1; do :; done; } | {{program}} region {{Pages}} 16 >/dev/null &
            { echo fill 1; while sleep 1; do :; done; } | {{program}} region {{Pages}} 16 >/dev/null &
            for i in $(seq 300); do
                n=0
                for f in /proc/[0-9]*/ksm_stat; do n=$((n + $(sed -n 's/^ksm_merging_pages //p' $f 2>/dev/null || echo 0))); done
                [ $n -gt {{Pages * 18 / 10}} ] && break
                sleep 0.1
            done
            echo "merged $n"
            {{SamepageCommand.Executable}} unmerge 2>&1
            echo "status $?"
            """;
        lease.Start();
        var (_, output, _) = Tool.Run("unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", script);
        Assert.Contains("stopped ksmd", output, StringComparison.Ordinal);
        Assert.Equal(2, output.Split("unmerged, ").Length - 1);
        Assert.Contains("status 0", output, StringComparison.Ordinal);
        Assert.Equal(0, lease.Ksm.Number("run"));
    }

    [Fact]
    public void Disable_refuses_with_the_arithmetic_where_the_control_group_could_not_hold_the_pages()
    {
        const string Root = "/sys/fs/cgroup/memory";
        Assert.SkipUnless(Directory.Exists(Root), "no version 1 memory control group here; the arithmetic of version 2 is tested on made-up trees");
        using var lease = KsmdLease.Take();
        var group = $"{Root}/samepage-test-{Environment.ProcessId}";
        Directory.CreateDirectory(group);
        try
        {
            using var program = Filled();
            Assert.Equal(0, SamepageCommand.Run("enable", "--pid", $"{program.Pid}", "--no-start").Status);
            lease.Start();
            AwaitMerged(program.Pid);
            File.WriteAllText($"{group}/memory.limit_in_bytes", $"{Mebibytes / 2 * 1048576L}");
            File.WriteAllText($"{group}/cgroup.procs", $"{program.Pid}");
            var (status, _, errors) = SamepageCommand.Run("disable", "--pid", $"{program.Pid}");
            Assert.Equal(6, status);
            Assert.Matches(@"^samepage: process \d+ \(\S+\) needs up to 9\d\.\d MiB, but control group /samepage-test-\d+ could supply 48\.0 MiB limit - ", errors);
            Assert.Single(errors.TrimEnd().Split('\n'));
            Assert.True(KsmStat.TryRead(InjectionTarget.Proc, program.Pid)!.MergingPages > Pages * 9 / 10);
            program.AssertIntact();
        }
        finally
        {
            for (var i = 0; i < 50 && File.ReadAllText($"{group}/cgroup.procs").Length > 0; i++)
            {
                Thread.Sleep(20);
            }

            Directory.Delete(group);
        }
    }

    [Fact]
    public void One_refused_target_does_not_stop_the_others()
    {
        using var stopped = TargetProgram.Start("awkward", "traced");
        using var fine = TargetProgram.Start("awkward", "plain");
        var traced = int.Parse(stopped.Expect("ready"), CultureInfo.InvariantCulture);
        fine.Expect("ready");
        var document = SamepageCommand.Json(5, "enable", "--pid", $"{traced},{fine.Pid},4194303,2", "--no-start");
        var outcomes = document.GetProperty("targets").EnumerateArray()
            .ToDictionary(entry => entry.GetProperty("pid").GetInt32(), entry => entry.GetProperty("outcome").GetString());
        Assert.Equal("unsuitable", outcomes[traced]);
        Assert.Equal("done", outcomes[fine.Pid]);
        Assert.Equal("unsuitable", outcomes[4194303]);
        Assert.Equal("unsuitable", outcomes[2]);
        Assert.True(InjectionTarget.IsOptedIn(fine.Pid));
    }

    [Fact]
    public void A_dry_run_touches_nothing()
    {
        using var program = TargetProgram.Start("awkward", "plain");
        program.Expect("ready");
        var (status, output, _) = SamepageCommand.Run("enable", "--pid", $"{program.Pid}", "--dry-run");
        Assert.Equal(0, status);
        Assert.Contains("would be enabled", output, StringComparison.Ordinal);
        Assert.False(InjectionTarget.IsOptedIn(program.Pid));
    }

    [Fact]
    public void Errors_are_one_line_with_the_status_of_the_contract()
    {
        using var program = TargetProgram.Start("awkward", "plain");
        program.Expect("ready");
        AssertError(5, "process 4194303 does not exist", SamepageCommand.Run("enable", "--pid", "4194303", "--no-start"));
        AssertError(5, "kernel thread", SamepageCommand.Run("enable", "--pid", "2", "--no-start"));
        AssertError(2, "no target", SamepageCommand.Run("enable", "--no-start"));
        AssertError(2, "no target", SamepageCommand.Run("disable"));
        AssertError(4, "may not be traced by you", SamepageCommand.RunAsNobody("enable", "--pid", $"{program.Pid}", "--no-start"));
        AssertError(3, "built without merging", Tool.Run(
            "unshare", "--mount", "sh", "-c", $"mount -t tmpfs none /sys/kernel/mm && {SamepageCommand.Executable} enable --pid {program.Pid}"));
    }

    [Fact]
    public void Who_may_not_start_ksmd_is_told_what_is_needed_and_nothing_is_changed()
    {
        using var lease = KsmdLease.Take();
        using var program = TargetProgram.Start("awkward", "plain");
        program.Expect("ready");
        AssertError(4, "read-only mount", Tool.Run(
            "unshare", "--mount", "sh", "-c", $"mount -o remount,ro,bind /sys 2>/dev/null || mount -o bind,ro /sys /sys; {SamepageCommand.Executable} enable --pid {program.Pid}"));
        AssertError(4, "needs root", SamepageCommand.RunAsNobody("run", "--", "/bin/true"));
        Assert.False(InjectionTarget.IsOptedIn(program.Pid));
    }

    /// <summary>Its pages have 16 contents.</summary>
    private static PageHolder Filled(string optIn = "none") => new(optIn, (int)Pages, contents: 16, seed: 1);

    private static void AwaitMerged(int pid)
    {
        for (var i = 0; i < 400 && KsmStat.TryRead(InjectionTarget.Proc, pid)!.MergingPages < Pages * 95 / 100; i++)
        {
            Thread.Sleep(50);
        }

        Assert.InRange(KsmStat.TryRead(InjectionTarget.Proc, pid)!.MergingPages, Pages * 9 / 10, Pages + 1000);
    }

    private static void AssertUnmerged(int pid, bool isOptedIn)
    {
        // ksm_stat counts a page as merged until ksmd comes by; the page tables tell the truth.
        Assert.Equal(isOptedIn, InjectionTarget.IsOptedIn(pid));
        Assert.Equal(0, KeyedText.Parse(InjectionTarget.Proc.Read(pid, "smaps_rollup")).Bytes("KSM"));
        Assert.InRange(ProcessStatus.TryRead(InjectionTarget.Proc, pid)!.ResidentBytes, Mebibytes * 1048576L, long.MaxValue);
    }

    private static void AssertError(int status, string reason, (int Status, string Output, string Errors) run)
    {
        Assert.Equal((status, ""), (run.Status, run.Output));
        Assert.Contains(reason, run.Errors, StringComparison.Ordinal);
        Assert.StartsWith("samepage: ", run.Errors, StringComparison.Ordinal);
        Assert.Single(run.Errors.TrimEnd().Split('\n'));
    }
}
