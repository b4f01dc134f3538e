using System.Diagnostics;
using Samepage.Linux;
using Samepage.Linux.Proc;
using Samepage.Linux.Tracing;
using Samepage.Targets;

namespace Samepage.Merging.Kernel;

/// <summary>
/// One attempt at one thread, as Injector.cs tells it. Used once, by one operating system thread, which must end
/// afterwards: that is what frees a thread that never came to a stop.
/// </summary>
internal sealed class InjectionAttempt(
    ProcFs proc, TargetProcess target, TargetThread candidate, IReadOnlyList<SystemCall> calls, InjectorOptions options, int tries)
{
    /// <summary>All signals but SIGTRAP, by which the kernel reports the stops that are waited for.</summary>
    private const ulong AllButTrap = ~(1ul << (5 - 1));

    /// <summary>How long a thread in uninterruptible sleep is waited for: it may last, and nothing has begun yet.</summary>
    private static readonly TimeSpan s_stopPatience = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// How long any other is. It has been woken and comes to its stop as soon as it gets to run, which on a busy machine
    /// takes a while; giving up on it would let its call fail with EINTR.
    /// </summary>
    private static readonly TimeSpan s_starvedPatience = TimeSpan.FromSeconds(10);

    /// <summary>How long the glances follow closely.</summary>
    private static readonly TimeSpan s_spinning = TimeSpan.FromMicroseconds(300);

    private readonly long[] _returns = new long[calls.Count];
    private TracedThread _thread = null!;
    private int _made;
    private long _stoppedAt;
    private long _releasedAt;

    /// <summary>Does it.</summary>
    public AttemptResult Run()
    {
        try
        {
            var (verdict, reason) = Attempt();
            return new AttemptResult(verdict, reason) { Returns = _returns[.._made], Stopped = Stopped() };
        }
        catch (LinuxException killed) when (killed.Errno == Errno.ESRCH)
        {
            // A stopped thread answers ESRCH only when it was killed. Taking note of its end lets the kernel bury it.
            _ = _thread?.TryWait();
            return new AttemptResult(AttemptVerdict.Retry, "ended in the middle") { Stopped = Stopped() };
        }
        catch (LinuxException other)
        {
            return new AttemptResult(AttemptVerdict.Failed, other.Message) { Stopped = Stopped() };
        }
    }

    private (AttemptVerdict Verdict, string Reason) Attempt()
    {
        // Looked up while the target runs: reading its map takes longer than all the rest.
        var vdso = candidate.SystemCall < 0 || tries > 1 ? VdsoCall.Find(proc, target.Pid, candidate.ThreadId) : null;
        TracedThread.HurryTracer();
        if (Seize(out var filtersSuspended) is { } refusal)
        {
            return refusal;
        }

        At(InjectionStep.Seized);
        if (Stop() is { } failure)
        {
            return failure;
        }

        At(InjectionStep.Stopped);
        var found = _thread.GetRegisters();
        var home = Mended(found);
        if (Obstacle(found, vdso, filtersSuspended, out var instruction) is { } obstacle)
        {
            _thread.SetRegisters(home);
            Release(0);
            return obstacle;
        }

        return Borrow(home, instruction);
    }

    /// <summary>Begins the trace. Without the privilege to suspend filters only an unfiltered thread may be used.</summary>
    private (AttemptVerdict Verdict, string Reason)? Seize(out bool filtersSuspended)
    {
        var errno = TracedThread.Seize(candidate.ThreadId, suspendSeccomp: true, out var thread);
        filtersSuspended = errno == Errno.None;
        if (!filtersSuspended)
        {
            errno = TracedThread.Seize(candidate.ThreadId, suspendSeccomp: false, out thread);
        }

        _thread = thread!;
        return errno switch
        {
            Errno.None when !target.IsSame(proc) => (AttemptVerdict.Retry, "has ended"),
            Errno.None => null,
            Errno.ESRCH => (AttemptVerdict.Retry, "has ended"),
            _ when HasEndedOrIsTraced() => (AttemptVerdict.Retry, "has ended, or was traced by somebody else first"),
            _ => (AttemptVerdict.NotPermitted, "may not be traced by you"),
        };
    }

    /// <summary>Brings the thread to a stop at which nothing of it is in flux.</summary>
    private (AttemptVerdict Verdict, string Reason)? Stop()
    {
        _stoppedAt = Stopwatch.GetTimestamp();
        _thread.Interrupt();
        switch (WaitWithPatience())
        {
            case null:
                // Only the end of this operating system thread can let go of a thread that did not stop.
                _stoppedAt = 0;
                return (AttemptVerdict.OtherThread, "does not stop (uninterruptible sleep); try again later");
            case { Kind: StopKind.Interrupted }:
                return null;
            case { Kind: StopKind.Signal, Signal: var signal }:
                Release(signal);
                return (AttemptVerdict.Retry, "is under a storm of signals");
            case { Kind: StopKind.Ended }:
                return (AttemptVerdict.Retry, "has ended");
            default:
                return (AttemptVerdict.Failed, "stopped in a way that was not expected");
        }
    }

    /// <summary>
    /// Most threads stop within microseconds, so the first glances follow closely and the later ones sleep. Null where
    /// the thread runs on.
    /// </summary>
    private StopReport? WaitWithPatience()
    {
        while (true)
        {
            if (_thread.TryWait() is { } report)
            {
                if (report.Kind != StopKind.Signal)
                {
                    return report;
                }

                // Even a signal that the program ignores stops a traced thread, and would leave an EINTR behind.
                _thread.SetRegisters(Mended(_thread.GetRegisters()));
                if (tries == 1)
                {
                    return report;
                }

                // In a storm another attempt would fare alike: deliver the signal, and stop right behind that.
                _thread.Interrupt();
                _thread.Continue(report.Signal);
            }

            var waited = Stopwatch.GetElapsedTime(_stoppedAt);
            if (waited > s_starvedPatience || (waited > s_stopPatience && ThreadState() == 'D'))
            {
                return null;
            }

            if (waited < s_spinning)
            {
                TracedThread.Yield();
            }
            else
            {
                TracedThread.Nap();
            }
        }
    }

    /// <summary>Why the stopped thread cannot be borrowed; null where it can, through the instruction found.</summary>
    private (AttemptVerdict Verdict, string Reason)? Obstacle(
        in Registers found, ulong? vdso, bool filtersSuspended, out ulong instruction)
    {
        var behind = found.InstructionPointer - (ulong)VdsoCall.Instruction.Length;
        var isParked = RestartRules.IsInsideCall(found) && IsSystemCall(behind);
        instruction = isParked ? behind : vdso ?? 0;
        if (!found.Is64Bit)
        {
            return (AttemptVerdict.OtherThread, "runs 32-bit code; only 64-bit programs can be opted in from outside");
        }

        if (!filtersSuspended && IsFiltered())
        {
            return (AttemptVerdict.OtherThread, "filters its system calls (seccomp); suspending the filter needs CAP_SYS_ADMIN");
        }

        if (!isParked && _thread.IsInRestartableSequence(found.InstructionPointer))
        {
            return (AttemptVerdict.Retry, "is in a restartable sequence");
        }

        if (!isParked && (vdso is null || !IsSystemCall(instruction)))
        {
            return (tries > 1 ? AttemptVerdict.OtherThread : AttemptVerdict.Retry, "has no system call instruction that could be used");
        }

        return _thread.IsDispatched(instruction)
            ? (AttemptVerdict.OtherThread, "handles its own system calls (syscall user dispatch)")
            : null;
    }

    /// <summary>Makes the calls and gives the thread back as it was.</summary>
    private (AttemptVerdict Verdict, string Reason) Borrow(in Registers home, ulong instruction)
    {
        ulong? mask = tries >= options.FirstMaskedTry ? _thread.GetSignalMask() : null;
        if (mask is not null)
        {
            _thread.SetSignalMask(AllButTrap);
            At(InjectionStep.Masked);
        }

        var interrupted = Make(home, instruction);
        if (interrupted?.Kind == StopKind.Ended)
        {
            return (AttemptVerdict.Retry, "ended in the middle");
        }

        _thread.SetRegisters(home);
        if (mask is { } own)
        {
            _thread.SetSignalMask(own);
        }

        At(InjectionStep.Restored);
        if (interrupted is { Signal: var signal })
        {
            Release(signal);
            return (AttemptVerdict.Retry, "is under a storm of signals");
        }

        Settle();
        return _made == calls.Count ? (AttemptVerdict.Done, "") : (AttemptVerdict.Retry, "is under a storm of signals");
    }

    /// <summary>
    /// Runs the calls one after the other, up to one that a signal interrupted; null, or the stop that came in between.
    /// </summary>
    private StopReport? Make(in Registers home, ulong instruction)
    {
        foreach (var call in calls)
        {
            _thread.SetRegisters(home.ForCall(instruction, call.Number, call.Arguments));
            At(InjectionStep.Prepared);
            if (RunToSystemCall() is { } beforeEntry)
            {
                return beforeEntry;
            }

            At(InjectionStep.Entered);
            if (RunToSystemCall() is { } beforeExit)
            {
                return beforeExit;
            }

            var answer = _thread.GetRegisters().Result;
            At(InjectionStep.Returned);
            if (RestartRules.IsInterruption(answer))
            {
                return null;
            }

            _returns[_made++] = answer;
        }

        return null;
    }

    /// <summary>Runs to the next entry or exit. A stop of the whole process on the way leaves this thread ours.</summary>
    private StopReport? RunToSystemCall()
    {
        while (true)
        {
            _thread.ContinueToSystemCall();
            switch (_thread.Wait())
            {
                case { Kind: StopKind.SystemCall }:
                    return null;
                case { Kind: StopKind.Interrupted }:
                    continue;
                case var other:
                    return other;
            }
        }
    }

    /// <summary>
    /// Leads the thread through the kernel's way out to user code, where interrupted calls are restarted, and lets go.
    /// A signal that waits there goes with it: the registers are its own, so the handler sees what it would have seen.
    /// </summary>
    private void Settle()
    {
        _thread.Interrupt();
        _thread.Continue(0);
        var report = _thread.Wait();
        At(InjectionStep.Settled);
        if (report.Kind != StopKind.Ended)
        {
            Release(report.Signal);
        }
    }

    private void Release(int signal)
    {
        _thread.Detach(signal);
        _releasedAt = Stopwatch.GetTimestamp();
        At(InjectionStep.Released);
    }

    private TimeSpan Stopped() => _stoppedAt == 0
        ? TimeSpan.Zero
        : Stopwatch.GetElapsedTime(_stoppedAt, _releasedAt == 0 ? Stopwatch.GetTimestamp() : _releasedAt);

    private bool IsSystemCall(ulong address)
    {
        Span<byte> bytes = stackalloc byte[2];
        return _thread.TryRead(address, bytes) && bytes.SequenceEqual(VdsoCall.Instruction);
    }

    private bool IsFiltered() =>
        proc.TryRead(target.Pid, $"task/{candidate.ThreadId}/status") is not { } status || ProcessStatus.Parse(status).Seccomp != 0;

    /// <summary>The kernel answers EPERM for these too; the next look at the process tells which it was.</summary>
    private bool HasEndedOrIsTraced() =>
        ThreadState() is null or 'Z' or 'X'
        || proc.TryRead(target.Pid, $"task/{candidate.ThreadId}/status") is not { } status || ProcessStatus.Parse(status).TracerPid != 0;

    private char? ThreadState() =>
        proc.TryRead(target.Pid, $"task/{candidate.ThreadId}/stat") is { } stat ? ProcessStat.Parse(stat).State : null;

    private Registers Mended(in Registers found) => options.RepairInterruptedCalls ? RestartRules.Repair(found) : found;

    private void At(InjectionStep step) => options.AtStep?.Invoke(step, target.Pid);
}
