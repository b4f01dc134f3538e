using Samepage.Linux.Tracing;
using Samepage.Merging.Kernel;

namespace Samepage.SystemTests.Injection;

/// <summary>Somebody dies in the middle: the target, or Samepage.</summary>
public class DeathTests
{
    public static TheoryData<InjectionStep> AllSteps => [.. Enum.GetValues<InjectionStep>()];

    /// <summary>All steps but the one that only a third try comes to.</summary>
    public static TheoryData<InjectionStep> UsualSteps => [.. Enum.GetValues<InjectionStep>().Where(step => step != InjectionStep.Masked)];

    /// <summary>The steps at which the registers of the target are its own.</summary>
    public static TheoryData<InjectionStep> HarmlessSteps =>
    [
        InjectionStep.Seized, InjectionStep.Stopped, InjectionStep.Restored, InjectionStep.Settled, InjectionStep.Released,
    ];

    [Theory]
    [MemberData(nameof(AllSteps))]
    public void A_target_that_dies_is_reported_gone(InjectionStep when)
    {
        using var program = TargetProgram.Start("awkward", "spins");
        program.Expect("ready");
        var isKilled = false;
        void Kill(InjectionStep step, int pid)
        {
            if (step == when)
            {
                isKilled = true;
                Tool.Signal(pid, "KILL");
            }
        }

        var result = new Injector(InjectionTarget.Proc, new InjectorOptions { AtStep = Kill, FirstMaskedTry = 1 })
            .Run(InjectionTarget.Of(program.Pid), SystemCall.MemoryMerge(true));
        Assert.True(isKilled);
        Assert.Contains(result.Outcome, when >= InjectionStep.Settled ? [InjectionOutcome.Gone, InjectionOutcome.Done] : new[] { InjectionOutcome.Gone });
        Assert.Equal(128 + 9, program.WaitForExit());
    }

    [Theory]
    [MemberData(nameof(AllSteps))]
    public void A_target_that_executes_another_program_meanwhile_lives_on_as_that(InjectionStep when)
    {
        using var program = TargetProgram.Start("awkward", "execs");
        program.Expect("ready");
        var isDone = false;
        void Execute(InjectionStep step, int pid)
        {
            if (step == when && !isDone)
            {
                isDone = true;
                program.WriteLine("go");
                Thread.Sleep(50);
            }
        }

        var result = new Injector(InjectionTarget.Proc, new InjectorOptions { AtStep = Execute, FirstMaskedTry = 1 })
            .Run(InjectionTarget.Of(program.Pid), SystemCall.MemoryMerge(true));
        Assert.True(isDone);
        Assert.Equal((InjectionOutcome.Done, ""), (result.Outcome, result.Reason));
        program.Expect("ready");
        program.WriteLine("are you");
        program.Expect("alive");
    }

    /// <summary>Whoever kills the command that he sees does not hit the process that traces.</summary>
    [Theory]
    [MemberData(nameof(UsualSteps))]
    public void Killing_the_command_leaves_the_target_as_it_was(InjectionStep when)
    {
        foreach (var kind in new[] { "read", "epoll_wait", "nanosleep" })
        {
            using var program = TargetProgram.Start("blocked", kind, "0.5");
            program.Expect("ready");
            InjectionTarget.AwaitState(program.Pid, "S");
            Assert.Equal(128 + 9, EnableUnder($"front:{when}", program.Pid).Status);
            Assert.True(InjectionTarget.IsOptedIn(program.Pid));
            Assert.Contains("result 1 errno 0 registers kept", program.ReadLine(), StringComparison.Ordinal);
        }
    }

    /// <summary>The process that traces is killed while the registers are the target's own: it notices nothing.</summary>
    [Theory]
    [MemberData(nameof(HarmlessSteps))]
    public void Killing_the_tracer_leaves_the_target_as_it_was(InjectionStep when)
    {
        foreach (var kind in new[] { "read", "poll", "nanosleep", "futex-limit" })
        {
            using var program = TargetProgram.Start("blocked", kind, "0.5");
            program.Expect("ready");
            InjectionTarget.AwaitState(program.Pid, "S");
            var (status, _, errors) = EnableUnder($"tracer:{when}", program.Pid);
            Assert.Equal(1, status);
            Assert.Contains("killed by signal 9", errors, StringComparison.Ordinal);
            Assert.StartsWith("result 1 ", program.ReadLine(), StringComparison.Ordinal);
        }
    }

    /// <summary>
    /// The known limit: in the microseconds between, the kernel lets the target go with the registers of the call that
    /// it was to make. It lives on, and its own call comes back with the answer of the other. Also the control that the
    /// fault strikes where it says it does.
    /// </summary>
    [Theory]
    [InlineData(InjectionStep.Prepared)]
    [InlineData(InjectionStep.Entered)]
    [InlineData(InjectionStep.Returned)]
    public void Killing_the_tracer_in_between_leaves_the_target_alive(InjectionStep when)
    {
        using var program = TargetProgram.Start("blocked", "read", "0.5");
        program.Expect("ready");
        InjectionTarget.AwaitState(program.Pid, "S");
        Assert.Equal(1, EnableUnder($"tracer:{when}", program.Pid).Status);
        Assert.StartsWith("result 0 errno 0 registers lost", program.ReadLine(), StringComparison.Ordinal);
        Assert.InRange(program.WaitForExit(), 0, 1);
    }

    private static (int Status, string Output, string Errors) EnableUnder(string fault, int pid) => Tool.Run(
        SamepageCommand.Executable, ["enable", "--pid", $"{pid}", "--no-start"], new Dictionary<string, string> { ["SAMEPAGE_TEST_FAULT"] = fault });
}
