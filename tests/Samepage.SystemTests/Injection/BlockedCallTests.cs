using System.Diagnostics;
using Samepage.Linux.Tracing;
using Samepage.Merging.Kernel;

namespace Samepage.SystemTests.Injection;

/// <summary>A thread that waits in a system call is borrowed again and again, and must not notice.</summary>
public class BlockedCallTests
{
    private static readonly TimeSpan s_wait = TimeSpan.FromSeconds(0.6);

    [Theory]
    [InlineData("nanosleep")]
    [InlineData("clock_nanosleep")]
    [InlineData("poll")]
    [InlineData("poll-limit")]
    [InlineData("ppoll")]
    [InlineData("select")]
    [InlineData("epoll_wait")]
    [InlineData("epoll_pwait")]
    [InlineData("futex")]
    [InlineData("futex-limit")]
    [InlineData("recv-limit")]
    [InlineData("sigtimedwait")]
    [InlineData("sigsuspend")]
    [InlineData("read")]
    [InlineData("semop")]
    [InlineData("wait")]
    [InlineData("handler")]
    [InlineData("user")]
    public void A_waiting_call_never_notices(string kind)
    {
        var (line, waited, results) = Disturb(kind, new InjectorOptions());
        Assert.All(results, result => Assert.Equal((InjectionOutcome.Done, ""), (result.Outcome, result.Reason)));
        Assert.True(results.Count > 10, $"only {results.Count} injections");
        Assert.StartsWith("result 1 ", line, StringComparison.Ordinal);
        Assert.Contains("registers kept", line, StringComparison.Ordinal);
        // Whoever ends the call began to count a little before it.
        Assert.InRange(waited, s_wait.TotalMilliseconds - 100, s_wait.TotalMilliseconds + 400);
    }

    /// <summary>Blocking signals for the time of the call must not change what comes out either.</summary>
    [Theory]
    [InlineData("ppoll")]
    [InlineData("epoll_pwait")]
    [InlineData("sigtimedwait")]
    [InlineData("sigsuspend")]
    [InlineData("handler")]
    public void A_waiting_call_never_notices_that_its_signals_were_blocked(string kind)
    {
        var (line, _, results) = Disturb(kind, new InjectorOptions { FirstMaskedTry = 1 });
        Assert.All(results, result => Assert.Equal((InjectionOutcome.Done, ""), (result.Outcome, result.Reason)));
        Assert.StartsWith("result 1 ", line, StringComparison.Ordinal);
        Assert.Contains("registers kept", line, StringComparison.Ordinal);
    }

    /// <summary>These cannot be resumed where they were: their limit begins anew, and that is all.</summary>
    [Theory]
    [InlineData("epoll-limit")]
    [InlineData("recv-expires")]
    public void A_limit_that_begins_anew_still_ends(string kind)
    {
        using var program = TargetProgram.Start("blocked", kind, Seconds());
        program.Expect("ready");
        InjectionTarget.AwaitState(program.Pid, "S");
        Thread.Sleep(100);
        Assert.Equal(InjectionOutcome.Done, Once(program.Pid, new InjectorOptions(), true).Outcome);
        var line = program.ReadLine();
        Assert.StartsWith("result 1 ", line, StringComparison.Ordinal);
        Assert.InRange(Waited(line), s_wait.TotalMilliseconds, 2 * s_wait.TotalMilliseconds);
    }

    /// <summary>The positive control: without the repair the same targets report the EINTR.</summary>
    [Theory]
    [InlineData("epoll_wait")]
    [InlineData("recv-limit")]
    [InlineData("sigtimedwait")]
    [InlineData("semop")]
    public void Without_the_repair_the_target_reports_the_leak(string kind)
    {
        var (line, _, _) = Disturb(kind, new InjectorOptions { RepairInterruptedCalls = false });
        Assert.StartsWith("result 0 errno 4 ", line, StringComparison.Ordinal);
    }

    private static string Seconds() => s_wait.TotalSeconds.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static double Waited(string line) =>
        double.Parse(line[(line.LastIndexOf(' ') + 1)..], System.Globalization.CultureInfo.InvariantCulture);

    private static InjectionResult Once(int pid, InjectorOptions options, bool on) =>
        new Injector(InjectionTarget.Proc, options).Run(InjectionTarget.Of(pid), SystemCall.MemoryMerge(on));

    /// <summary>Injects every few milliseconds for as long as the target has more than a little to wait.</summary>
    private static (string Line, double Waited, List<InjectionResult> Results) Disturb(string kind, InjectorOptions options)
    {
        using var program = TargetProgram.Start("blocked", kind, Seconds());
        program.Expect("ready");
        InjectionTarget.AwaitState(program.Pid, "SR");
        var results = new List<InjectionResult>();
        for (var begun = Stopwatch.StartNew(); begun.Elapsed < s_wait - TimeSpan.FromMilliseconds(100) && !program.HasExited;)
        {
            try
            {
                results.Add(Once(program.Pid, options, results.Count % 2 == 0));
            }
            catch (InvalidOperationException)
            {
                // It has reported what it saw, and gone.
                break;
            }

            Thread.Sleep(3);
        }

        var line = program.ReadLine();
        return (line, Waited(line), options.RepairInterruptedCalls ? results : results[..1]);
    }
}
