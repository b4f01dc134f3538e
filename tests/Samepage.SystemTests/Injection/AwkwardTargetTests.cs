using System.Diagnostics;
using System.Globalization;
using Samepage.Linux.Proc;
using Samepage.Linux.Tracing;
using Samepage.Merging.Kernel;
using Samepage.Targets;

namespace Samepage.SystemTests.Injection;

/// <summary>Processes that are hard to work on: worked on without harm, or refused with the reason.</summary>
public class AwkwardTargetTests
{
    [Theory]
    [InlineData("plain")]
    [InlineData("filtered")]
    [InlineData("leaderless")]
    [InlineData("vfork-threads")]
    [InlineData("spins")]
    public void It_is_opted_in_and_out_and_lives_on(string kind)
    {
        using var program = TargetProgram.Start("awkward", kind);
        program.Expect("ready");
        for (var i = 0; i < 20; i++)
        {
            AssertDone(Enable(program.Pid, on: i % 2 == 0));
        }

        AssertDone(Enable(program.Pid));
        AssertAlive(program);
        Assert.True(AnyThreadShows(program.Pid), "no thread shows the opt-in");
    }

    [Fact]
    public void The_filter_of_the_test_does_kill()
    {
        using var program = TargetProgram.Start("awkward", "prctl-is-deadly");
        program.Expect("ready");
        Assert.Equal(128 + 31, program.WaitForExit());
    }

    [Fact]
    public void A_stopped_process_is_opted_in_and_stays_stopped()
    {
        using var program = TargetProgram.Start("blocked", "read", "0.5");
        program.Expect("ready");
        Tool.Signal(program.Pid, "STOP");
        InjectionTarget.AwaitState(program.Pid, "T");
        AssertDone(Enable(program.Pid));
        InjectionTarget.AwaitState(program.Pid, "T");
        Thread.Sleep(700);
        Assert.Equal('T', ProcessStat.TryRead(InjectionTarget.Proc, program.Pid)!.State);
        Tool.Signal(program.Pid, "CONT");
        Assert.StartsWith("result 1 errno 0 registers kept", program.ReadLine(), StringComparison.Ordinal);
    }

    /// <summary>A stop signal that arrives in the very middle takes effect as soon as the thread is let go.</summary>
    [Theory]
    [InlineData(InjectionStep.Stopped)]
    [InlineData(InjectionStep.Prepared)]
    [InlineData(InjectionStep.Entered)]
    [InlineData(InjectionStep.Returned)]
    [InlineData(InjectionStep.Restored)]
    public void A_process_stopped_in_the_middle_is_stopped_afterwards(InjectionStep when)
    {
        using var program = TargetProgram.Start("blocked", "read", "0.5");
        program.Expect("ready");
        AssertDone(At(program.Pid, when, pid => Tool.Signal(pid, "STOP")));
        InjectionTarget.AwaitState(program.Pid, "T");
        Tool.Signal(program.Pid, "CONT");
        Assert.StartsWith("result 1 errno 0 registers kept", program.ReadLine(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1000")]
    [InlineData("50")]
    public void A_storm_of_signals_is_weathered(string microseconds)
    {
        using var program = TargetProgram.Start("storm", microseconds);
        program.Expect("ready");
        var (tries, injections, watch) = (0, 0, Stopwatch.StartNew());

        // A fast machine is done with a hundred before the slower of the timers has struck as often.
        for (; injections < 100 || watch.Elapsed < TimeSpan.FromSeconds(0.5); injections++)
        {
            var result = Enable(program.Pid, on: injections % 2 == 0);
            AssertDone(result);
            tries += result.Tries;
        }

        program.WriteLine("end");
        var words = program.ReadLine().Split(' ');
        Assert.True(int.Parse(words[1], CultureInfo.InvariantCulture) > 100, "there was no storm");
        Assert.Equal(("0", "0"), (words[3], words[5]));
        TestContext.Current.TestOutputHelper?.WriteLine($"{tries} tries for {injections} injections, {words[1]} signals");
    }

    [Fact]
    public void A_vfork_parent_is_refused_until_its_child_has_gone()
    {
        using var program = TargetProgram.Start("awkward", "vfork");
        program.Expect("ready");
        InjectionTarget.AwaitState(program.Pid, "D");
        AssertRefused(Enable(program.Pid), InjectionOutcome.Unsuitable, "vfork");
        program.Expect("resumed");
        AssertAlive(program);
        AssertDone(Enable(program.Pid));
    }

    /// <summary>It goes to sleep between the look at it and the request to stop, so that the stop never comes.</summary>
    [Fact]
    public void A_thread_that_does_not_stop_is_given_up_and_let_go()
    {
        using var program = TargetProgram.Start("awkward", "vfork-at-line");
        program.Expect("ready");
        var result = At(program.Pid, InjectionStep.Seized, pid =>
        {
            program.WriteLine("vfork");
            InjectionTarget.AwaitState(pid, "D");
        });
        AssertRefused(result, InjectionOutcome.Unsuitable, "vfork");
        for (var i = 0; i < 100 && ProcessStatus.TryRead(InjectionTarget.Proc, program.Pid)!.TracerPid != 0; i++)
        {
            Thread.Sleep(5);
        }

        Assert.Equal(0, ProcessStatus.TryRead(InjectionTarget.Proc, program.Pid)!.TracerPid);
        Assert.False(InjectionTarget.IsOptedIn(program.Pid));
        program.Expect("resumed");
        AssertAlive(program);
        AssertDone(Enable(program.Pid));
    }

    [Fact]
    public void A_traced_process_is_refused_and_its_tracer_named()
    {
        using var program = TargetProgram.Start("awkward", "traced");
        var traced = int.Parse(program.Expect("ready"), CultureInfo.InvariantCulture);
        AssertRefused(Enable(traced), InjectionOutcome.Unsuitable, $"already traced by process {program.Pid} (awkward)");
        AssertAlive(program);
    }

    [Fact]
    public void A_zombie_is_refused()
    {
        using var program = TargetProgram.Start("awkward", "zombie");
        var zombie = int.Parse(program.Expect("ready"), CultureInfo.InvariantCulture);
        InjectionTarget.AwaitState(zombie, "Z");
        AssertRefused(Enable(zombie), InjectionOutcome.Gone, "zombie");
    }

    [Fact]
    public void A_kernel_thread_is_refused()
    {
        const int KThreadD = 2;
        Assert.True(ProcessStat.TryRead(InjectionTarget.Proc, KThreadD)!.IsKernelThread);
        AssertRefused(Enable(KThreadD), InjectionOutcome.Unsuitable, "kernel thread");
    }

    [Fact]
    public void A_32_bit_program_is_refused_also_where_only_its_registers_tell()
    {
        using var program = TargetProgram.Launch(TargetProgram.Compile("tiny32", "-m32 -nostdlib -static -fno-pic -no-pie"));
        program.Expect("ready");
        AssertRefused(Enable(program.Pid), InjectionOutcome.Unsuitable, "32-bit");
    }

    [Fact]
    public void A_process_of_another_user_is_opted_in()
    {
        using var program = TargetProgram.Launch(
            "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", TargetProgram.Compile("awkward"), "plain");
        program.Expect("ready");
        Assert.Equal(65534u, ProcessStatus.TryRead(InjectionTarget.Proc, program.Pid)!.UserId);
        AssertDone(Enable(program.Pid));
        AssertAlive(program);
    }

    [Fact]
    public void A_process_in_another_pid_namespace_is_opted_in()
    {
        using var program = TargetProgram.Launch("unshare", "--pid", "--fork", "--kill-child", TargetProgram.Compile("awkward"), "plain");
        program.Expect("ready");
        var inside = int.Parse(File.ReadAllText($"/proc/{program.Pid}/task/{program.Pid}/children").Trim(), CultureInfo.InvariantCulture);
        Assert.Equal([inside, 1], ProcessStatus.TryRead(InjectionTarget.Proc, inside)!.NamespacePids);
        AssertDone(Enable(inside));
        Assert.True(InjectionTarget.IsOptedIn(inside));
        AssertAlive(program);
    }

    [Fact]
    public void A_Python_program_with_threads_is_opted_in_and_counts_right()
    {
        const string Program = """
            import sys, threading, time, hashlib
            sums = []
            def work(seed):
                data = hashlib.sha256(seed).digest()
                for _ in range(60000):
                    data = hashlib.sha256(data).digest()
                sums.append(data)
            threads = [threading.Thread(target=work, args=(b'same',)) for _ in range(4)]
            print('ready', flush=True)
            [t.start() for t in threads]
            time.sleep(0.2)
            [t.join() for t in threads]
            print('equal' if len(set(sums)) == 1 and len(sums) == 4 else 'different', flush=True)
            print('alive' if sys.stdin.readline() else '', flush=True)
            """;
        using var program = TargetProgram.Launch("/usr/bin/python3", "-c", Program);
        program.Expect("ready");
        for (var i = 0; i <= 40; i++)
        {
            AssertDone(Enable(program.Pid, on: i % 2 == 0));
        }

        Assert.Equal("equal", program.ReadLine(TimeSpan.FromSeconds(30)));
        AssertAlive(program);
    }

    [Fact]
    public void A_dotnet_program_with_threads_is_opted_in_and_counts_right()
    {
        var sdk = Directory.GetDirectories("/usr/share/dotnet/sdk").Order().Last();
        using var program = TargetProgram.Launch("dotnet", "exec", $"{sdk}/FSharp/fsi.dll", "--quiet", "--nologo");
        program.WriteLine("printfn \"ready\";;");
        Assert.Contains("ready", program.ReadLine(TimeSpan.FromSeconds(60)), StringComparison.Ordinal);
        program.WriteLine("let sums = Array.Parallel.init 200 (fun i -> let mutable h = 1UL in (for k in 1..200000 do h <- (h ^^^ uint64 (Array.length (Array.zeroCreate<byte> (k % 64)))) * 1099511628211UL); h) in printfn \"%s\" (if Array.distinct sums |> Array.length = 1 then \"equal\" else \"different\");;");
        for (var i = 0; i <= 60; i++)
        {
            AssertDone(Enable(program.Pid, on: i % 2 == 0));
        }

        string line;
        do
        {
            line = program.ReadLine(TimeSpan.FromSeconds(60));
        }
        while (!line.Contains("equal", StringComparison.Ordinal) && !line.Contains("different", StringComparison.Ordinal));
        Assert.Contains("equal", line, StringComparison.Ordinal);
        Assert.True(InjectionTarget.IsOptedIn(program.Pid));
    }

    /// <summary>Whether some thread of the process shows the opt-in: the first one may have ended.</summary>
    private static bool AnyThreadShows(int pid) => Directory.GetDirectories($"/proc/{pid}/task")
        .Any(thread => File.ReadAllText($"{thread}/ksm_stat").Contains("ksm_merge_any: yes", StringComparison.Ordinal));

    private static InjectionResult Enable(int pid, bool on = true) =>
        new Injector(InjectionTarget.Proc).Run(InjectionTarget.Of(pid), SystemCall.MemoryMerge(on));

    private static InjectionResult At(int pid, InjectionStep when, Action<int> action)
    {
        var isDone = false;
        void Once(InjectionStep step, int number)
        {
            if (step == when && !isDone)
            {
                isDone = true;
                action(number);
            }
        }

        return new Injector(InjectionTarget.Proc, new InjectorOptions { AtStep = Once }).Run(InjectionTarget.Of(pid), SystemCall.MemoryMerge(true));
    }

    private static void AssertDone(InjectionResult result)
    {
        Assert.Equal((InjectionOutcome.Done, ""), (result.Outcome, result.Reason));
        Assert.Equal([0L], result.Returns);
    }

    private static void AssertRefused(InjectionResult result, InjectionOutcome outcome, string reason)
    {
        Assert.Equal(outcome, result.Outcome);
        Assert.Contains(reason, result.Reason, StringComparison.Ordinal);
    }

    private static void AssertAlive(TargetProgram program)
    {
        program.WriteLine("are you");
        program.Expect("alive");
    }
}
