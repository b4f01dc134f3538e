using Samepage.Linux.Proc;
using Samepage.Linux.Tracing;
using Samepage.Targets;

namespace Samepage.Merging.Kernel;

// How a process is made to carry out a system call that it was not written for.
//
// Opting in to the kernel's merging works only from inside a process, so one of its threads is borrowed for some
// microseconds. The process is looked at first, and refused where borrowing cannot work (Suitability). Of its threads
// the one is taken that the stop disturbs least: one that waits in a call which the kernel restarts by itself, and
// only that thread stands still. Each attempt has an operating system thread of its own, because the kernel ties a
// trace to the thread that began it and ends it with that thread: whatever goes wrong, letting the thread end lets the
// target go. An attempt (InjectionAttempt) does this:
//
//   1. Seize the thread, its seccomp filters suspended, and ask it to stop; give up after 50 ms where it turns out to
//      be in uninterruptible sleep. Where the stop catches a signal on its way instead, let go with the signal and try
//      again; from the second try on deliver the signal and stop behind it.
//   2. Choose a syscall instruction: the one behind which the thread waits or, for a thread in user code, one in the
//      vdso. No byte of the target is written.
//   3. Set the registers for the call, run to its entry, run to its exit, read the answer. Where a signal comes in
//      between, put everything back, let go with the signal and try again; from the third try on block signals.
//      Nothing is timed out from here on.
//   4. Put the registers back and send the thread once more through the kernel's way out, where it decides as ever
//      whether the call in which it waited starts again (RestartRules says what has to be mended for that). Let go.
//
// If the tracer is killed, the kernel lets the target go with the registers of that moment. Up to the end of step 2
// and from the start of step 4 those are right. Within step 3 they are not, for some ten microseconds: the call that
// the thread waited in would come back as if answered by ours. Nothing inside the target can heal that without writing
// to its memory. So whoever injects does it from a process that nobody kills (the command line does: Custody).

/// <summary>Makes other processes carry out system calls. Thread-safe.</summary>
/// <param name="proc">The process file system; the live one.</param>
/// <param name="options">How; null for what is right in earnest.</param>
public sealed class Injector(ProcFs proc, InjectorOptions? options = null)
{
    private const int TriesMax = 12;
    private readonly InjectorOptions _options = options ?? new InjectorOptions();

    /// <summary>Says whether a process could carry out a call, without touching it.</summary>
    public InjectionResult Check(TargetProcess target)
    {
        var look = Suitability.Of(proc, target);
        return new InjectionResult(look.Outcome, look.Reason, [], 0, 0, TimeSpan.Zero);
    }

    /// <summary>Makes a process carry out calls, one after the other in a single stop.</summary>
    /// <param name="target">The process.</param>
    /// <param name="calls">The calls.</param>
    public InjectionResult Run(TargetProcess target, params IReadOnlyList<SystemCall> calls)
    {
        var hopeless = new HashSet<int>();
        var stopped = TimeSpan.Zero;
        var longest = TimeSpan.Zero;
        var attempt = new AttemptResult(AttemptVerdict.Retry, "did not come to a stop that could be used");
        for (var tries = 1; tries <= TriesMax; tries++)
        {
            var look = Suitability.Of(proc, target);
            var thread = look.Threads.FirstOrDefault(candidate => !hopeless.Contains(candidate.ThreadId));
            if (thread is null)
            {
                return look.Outcome == InjectionOutcome.Done
                    ? new InjectionResult(InjectionOutcome.Unsuitable, attempt.Reason, [], 0, tries, stopped) { LongestStop = longest }
                    : new InjectionResult(look.Outcome, look.Reason, [], 0, tries, stopped) { LongestStop = longest };
            }

            attempt = RunOnOwnThread(target, thread, calls, tries);
            stopped += attempt.Stopped;
            longest = attempt.Stopped > longest ? attempt.Stopped : longest;
            switch (attempt.Verdict)
            {
                case AttemptVerdict.OtherThread:
                    hopeless.Add(thread.ThreadId);
                    break;
                case AttemptVerdict.Retry:
                    Thread.Sleep(1);
                    break;
                default:
                    return new InjectionResult(OutcomeOf(attempt.Verdict), attempt.Reason, attempt.Returns, thread.ThreadId, tries, stopped) { LongestStop = longest };
            }
        }

        return new InjectionResult(InjectionOutcome.Unsuitable, attempt.Reason, attempt.Returns, 0, TriesMax, stopped) { LongestStop = longest };
    }

    private AttemptResult RunOnOwnThread(TargetProcess target, TargetThread thread, IReadOnlyList<SystemCall> calls, int tries)
    {
        const int StackBytes = 256 * 1024;
        AttemptResult? result = null;
        var attempt = new InjectionAttempt(proc, target, thread, calls, _options, tries);
        var tracer = new Thread(() => result = attempt.Run(), StackBytes) { Name = "tracer" };
        tracer.Start();
        tracer.Join();
        return result!;
    }

    private static InjectionOutcome OutcomeOf(AttemptVerdict verdict) => verdict switch
    {
        AttemptVerdict.Done => InjectionOutcome.Done,
        AttemptVerdict.NotPermitted => InjectionOutcome.NotPermitted,
        _ => InjectionOutcome.Failed,
    };
}
