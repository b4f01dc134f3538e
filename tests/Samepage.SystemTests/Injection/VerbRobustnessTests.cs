using System.Text.Json;
using Samepage.Linux.Proc;
using Samepage.Linux.Tracing;
using Samepage.Merging.Kernel;

namespace Samepage.SystemTests.Injection;

/// <summary>The verbs of the kernel engine where something around them is amiss.</summary>
public class VerbRobustnessTests
{
    private const int Mebibytes = 64;
    private const string Run = "/sys/kernel/mm/ksm/run";

    [Theory]
    [InlineData(">/dev/full")]
    [InlineData(">&-")]
    [InlineData("--json >/dev/full")]
    [InlineData("--json >&-")]
    public void A_report_that_cannot_be_printed_does_not_stop_the_work(string output)
    {
        using var lease = KsmdLease.Take();
        using var first = Plain();
        using var second = Plain();
        var (status, _, errors) = Shell($"{SamepageCommand.Executable} enable --pid {first.Pid},{second.Pid} {output}");
        Assert.Equal(1, status);
        Assert.Matches("^samepage: started ksmd .*\nsamepage: the report could not be printed: .*\n$", errors);
        Assert.True(InjectionTarget.IsOptedIn(first.Pid));
        Assert.True(InjectionTarget.IsOptedIn(second.Pid));
        Assert.Equal(1, lease.Ksm.Number("run"));

        (status, _, errors) = Shell($"{SamepageCommand.Executable} disable --pid {first.Pid},{second.Pid} {output}");
        Assert.Equal(1, status);
        Assert.Matches("^samepage: the report could not be printed: .*\n$", errors);
        Assert.False(InjectionTarget.IsOptedIn(first.Pid));
        Assert.False(InjectionTarget.IsOptedIn(second.Pid));
    }

    [Theory]
    [InlineData("2>&-")]
    [InlineData("2>/dev/full")]
    [InlineData("<&- >&- 2>&-")]
    [InlineData(">&- 2>/dev/full")]
    public void Closed_streams_change_no_exit_status(string streams)
    {
        using var program = Plain();
        var script = $"""
            for i in $(seq 12); do
                {SamepageCommand.Executable} disable --pid 4194303 {streams}; echo $?
                {SamepageCommand.Executable} estimate --pid 4194303 {streams}; echo $?
            done
            """;
        Assert.All(Shell(script).Output.TrimEnd().Split('\n'), status => Assert.Equal("5", status));
        _ = Shell($"{SamepageCommand.Executable} enable --no-start --pid {program.Pid} {streams}");
        Assert.True(InjectionTarget.IsOptedIn(program.Pid));
    }

    [Fact]
    public void A_program_that_is_run_finds_closed_streams_closed()
    {
        const string Look = "[ -e /proc/$$/fd/1 ] || echo closed >&2";
        Assert.Equal("closed\n", Shell($"{SamepageCommand.Executable} run --no-start -- sh -c '{Look}' >&-").Errors);
    }

    [Fact]
    public void A_program_that_cannot_be_executed_leaves_ksmd_standing()
    {
        using var lease = KsmdLease.Take();

        // A script without its interpreter passes every look at the file; only executing it fails.
        var script = Path.Combine(Path.GetTempPath(), $"samepage-script-{Environment.ProcessId}");
        File.WriteAllText(script, "#!/nonexistent/interpreter\n");
        File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        try
        {
            foreach (var (program, status) in new[] { ("/nonexistent", 2), ("/tmp", 4), (script, 2) })
            {
                Assert.Equal(status, SamepageCommand.Run("run", "--", program).Status);
                Assert.Equal(0, lease.Ksm.Number("run"));
            }

            Assert.Equal(0, SamepageCommand.Run("run", "--", "true").Status);
            Assert.Equal(1, lease.Ksm.Number("run"));
        }
        finally
        {
            File.Delete(script);
        }
    }

    [Fact]
    public void A_dry_run_of_run_executes_nothing_and_says_what_it_would()
    {
        using var lease = KsmdLease.Take();
        var (status, output, errors) = SamepageCommand.Run("run", "--dry-run", "--", "env", "--version");
        Assert.Equal((0, ""), (status, errors));
        Assert.Matches($"^would start ksmd \\(write 1 to {Run}\\)\nwould opt in and execute /\\S*/env\n$", output);
        Assert.Equal(0, lease.Ksm.Number("run"));
        Assert.StartsWith("ksmd stands still and would be left so\n", SamepageCommand.Run("run", "--dry-run", "--no-start", "--", "env").Output, StringComparison.Ordinal);
        Assert.Equal(2, SamepageCommand.Run("run", "--dry-run", "--", "no-such-program").Status);
    }

    [Fact]
    public void The_command_in_front_is_no_target()
    {
        var (status, output, _) = Shell($"echo shell $$; {SamepageCommand.Executable} enable --no-start --dry-run --json --tree $$ | cat");
        Assert.Equal(0, status);
        using var document = JsonDocument.Parse(output[output.IndexOf('{', StringComparison.Ordinal)..]);
        var names = document.RootElement.GetProperty("targets").EnumerateArray().Select(entry => entry.GetProperty("name").GetString()).ToList();
        Assert.Contains("sh", names);
        Assert.DoesNotContain(Path.GetFileName(SamepageCommand.Executable), names);
    }

    /// <summary>The tracer is killed at a harmless moment: what the user started must live to say so.</summary>
    [Theory]
    [InlineData("1")]
    [InlineData("")]
    [InlineData("yes:no")]
    public void A_variable_that_is_there_by_accident_does_not_make_the_command_the_tracer(string accident)
    {
        using var program = Plain();
        var variables = new Dictionary<string, string> { ["SAMEPAGE_CUSTODY"] = accident, ["SAMEPAGE_TEST_FAULT"] = "tracer:Seized" };
        var (status, _, errors) = Tool.Run(SamepageCommand.Executable, ["enable", "--no-start", "--pid", $"{program.Pid}"], variables);
        Assert.Equal(1, status);
        Assert.Contains("the process that traced was killed by signal 9", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Unmerge_with_nothing_to_do_says_so_and_leaves_ksmd_running()
    {
        using var lease = KsmdLease.Take();
        lease.Ksm.Write("run", 1);
        Assert.Equal((0, "nothing is merged\n", ""), InNamespace($"{SamepageCommand.Executable} unmerge"));
        Assert.Equal((0, "nothing is merged\n", ""), InNamespace($"sleep 5 & {SamepageCommand.Executable} unmerge; kill $!"));
        Assert.Equal(1, lease.Ksm.Number("run"));
    }

    [Fact]
    public void Unmerge_that_the_guard_refuses_leaves_ksmd_running()
    {
        const string Root = "/sys/fs/cgroup/memory";
        Assert.SkipUnless(Directory.Exists(Root), "no version 1 memory control group here");
        using var lease = KsmdLease.Take();
        lease.Start();
        var group = $"{Root}/samepage-verbs-{Environment.ProcessId}";
        Directory.CreateDirectory(group);
        try
        {
            var refused = $"echo {Mebibytes / 2}M >{group}/memory.limit_in_bytes; for p in $(pgrep holder); do echo $p >{group}/cgroup.procs; done; {SamepageCommand.Executable} unmerge; echo status $?";
            var (_, output, errors) = InNamespace($"{Merged()}; {refused}");
            Assert.Contains("status 6", output, StringComparison.Ordinal);
            Assert.DoesNotContain("stopped ksmd", errors, StringComparison.Ordinal);
            Assert.Equal(1, lease.Ksm.Number("run"));
        }
        finally
        {
            RemoveGroup(group);
        }
    }

    [Fact]
    public void Unmerge_that_is_interrupted_starts_ksmd_again()
    {
        using var lease = KsmdLease.Take();
        lease.Start();
        var script = $"{Merged()}; SAMEPAGE_TEST_FAULT=front:Seized {SamepageCommand.Executable} unmerge; echo status $?; for i in $(seq 100); do [ $(cat {Run}) = 1 ] && break; sleep 0.1; done; sleep 0.2";
        var (_, output, errors) = InNamespace(script);
        Assert.Contains("status 137", output, StringComparison.Ordinal);
        Assert.Contains("stopped ksmd", errors, StringComparison.Ordinal);
        Assert.Contains("started ksmd again", errors, StringComparison.Ordinal);
        Assert.Equal(1, lease.Ksm.Number("run"));
    }

    [Fact]
    public void Disable_that_finds_no_memory_fails_and_leaves_the_opt_in()
    {
        const string Root = "/sys/fs/cgroup/memory";
        Assert.SkipUnless(Directory.Exists(Root), "no version 1 memory control group here");
        using var lease = KsmdLease.Take();
        var group = $"{Root}/samepage-verbs-{Environment.ProcessId}";
        Directory.CreateDirectory(group);
        try
        {
            using var program = new PageHolder("none", Mebibytes * 256, contents: 16, seed: 1);
            Assert.Equal(0, SamepageCommand.Run("enable", "--pid", $"{program.Pid}", "--no-start").Status);
            lease.Start();
            for (var i = 0; i < 400 && program.MergedPages < Mebibytes * 240; i++)
            {
                Thread.Sleep(50);
            }

            lease.Ksm.Write("run", 0);

            // Without the OOM killer a copy that finds no memory is an error of the call.
            File.WriteAllText($"{group}/memory.limit_in_bytes", $"{Mebibytes / 4}M");
            File.WriteAllText($"{group}/memory.oom_control", "1");
            File.WriteAllText($"{group}/cgroup.procs", $"{program.Pid}");
            var (status, _, errors) = SamepageCommand.Run("disable", "--force", "--pid", $"{program.Pid}");
            Assert.Equal(1, status);
            Assert.Contains("could not be given its own pages", errors, StringComparison.Ordinal);
            Assert.True(InjectionTarget.IsOptedIn(program.Pid));
        }
        finally
        {
            RemoveGroup(group);
        }
    }

    [Fact]
    public void One_process_that_is_refused_is_an_entry_like_one_of_several()
    {
        foreach (var pids in new[] { "4194303", "4194303,4194302" })
        {
            var (status, output, _) = SamepageCommand.Run("enable", "--json", "--no-start", "--pid", pids);
            Assert.Equal(5, status);
            using var document = JsonDocument.Parse(output);
            Assert.Equal("unsuitable", document.RootElement.GetProperty("targets")[0].GetProperty("outcome").GetString());
        }
    }

    [Fact]
    public void The_longest_stop_is_one_stop()
    {
        using var program = Plain();
        var isDisturbed = false;
        void Disturb(InjectionStep step, int pid)
        {
            if (step == InjectionStep.Prepared && !isDisturbed)
            {
                isDisturbed = true;
                Assert.Equal(0, Tool.Run("/bin/kill", "-WINCH", $"{pid}").Status);
            }
        }

        var injector = new Injector(InjectionTarget.Proc, new InjectorOptions { AtStep = Disturb });
        var result = injector.Run(InjectionTarget.Of(program.Pid), SystemCall.MemoryMerge(true));
        Assert.Equal((InjectionOutcome.Done, 2), (result.Outcome, result.Tries));
        Assert.InRange(result.LongestStop, TimeSpan.FromTicks(1), result.Stopped - TimeSpan.FromTicks(1));
    }

    private static TargetProgram Plain()
    {
        var program = TargetProgram.Start("awkward", "plain");
        program.Expect("ready");
        return program;
    }

    private static (int Status, string Output, string Errors) Shell(string script) => Tool.Run("/bin/sh", "-c", script);

    private static (int Status, string Output, string Errors) InNamespace(string script) =>
        Tool.Run("unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", script);

    /// <summary>Starts two programs in the namespace, which end with it, and waits until their pages are merged.</summary>
    private static string Merged()
    {
        var program = TargetProgram.Compile("holder");
        var start = $"{{ echo fill 1; while sleep 1; do :; done; }} | {program} region {Mebibytes * 256} 16 >/dev/null &";
        return $$"""
            {{start}}
            {{start}}
            for i in $(seq 300); do
                n=0
                for f in /proc/[0-9]*/ksm_stat; do n=$((n + $(sed -n 's/^ksm_merging_pages //p' $f 2>/dev/null || echo 0))); done
                [ $n -gt {{Mebibytes * 256 * 18 / 10}} ] && break
                sleep 0.1
            done
            echo merged $n
            """;
    }

    private static void RemoveGroup(string group)
    {
        for (var i = 0; i < 100 && File.ReadAllText($"{group}/cgroup.procs").Length > 0; i++)
        {
            Thread.Sleep(20);
        }

        Directory.Delete(group);
    }
}
