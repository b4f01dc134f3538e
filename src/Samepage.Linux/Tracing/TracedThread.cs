using System.Runtime.InteropServices;
using Samepage.Linux.Interop;

namespace Samepage.Linux.Tracing;

/// <summary>
/// One thread of another process under ptrace. All calls must come from the operating system thread that made it:
/// the kernel takes each for a tracer of its own, and lets the traced thread go when that one ends. Calls throw
/// ESRCH where the traced thread has been killed, or is not stopped.
/// </summary>
public sealed unsafe class TracedThread
{
    private const uint NapMicroseconds = 20;

    private TracedThread(int threadId) => ThreadId = threadId;

    /// <summary>The thread's number.</summary>
    public int ThreadId { get; }

    /// <summary>Starts to trace a thread without stopping it.</summary>
    /// <param name="threadId">The thread's number.</param>
    /// <param name="suspendSeccomp">Suspend its system call filters while it is traced; needs CAP_SYS_ADMIN.</param>
    /// <param name="thread">The thread, where the answer is <see cref="Errno.None"/>.</param>
    public static Errno Seize(int threadId, bool suspendSeccomp, out TracedThread? thread)
    {
        var options = Libc.PTRACE_O_TRACESYSGOOD | (suspendSeccomp ? Libc.PTRACE_O_SUSPEND_SECCOMP : 0);

        // SAFETY: seizing passes two numbers and no pointer.
        var refused = Libc.ptrace(Libc.PTRACE_SEIZE, threadId, 0, (nuint)options) < 0;
        thread = refused ? null : new TracedThread(threadId);
        return refused ? (Errno)Marshal.GetLastPInvokeError() : Errno.None;
    }

    /// <summary>Asks the thread to stop; the stop is reported by a wait.</summary>
    public void Interrupt() => Request("PTRACE_INTERRUPT", Libc.PTRACE_INTERRUPT, 0, 0);

    /// <summary>Lets it run, with a signal delivered or none (0).</summary>
    public void Continue(int signal) => Request("PTRACE_CONT", Libc.PTRACE_CONT, 0, (nuint)signal);

    /// <summary>Lets it run up to the next entry to or exit from a system call.</summary>
    public void ContinueToSystemCall() => Request("PTRACE_SYSCALL", Libc.PTRACE_SYSCALL, 0, 0);

    /// <summary>Lets go of it, with a signal delivered or none (0).</summary>
    public void Detach(int signal) => Request("PTRACE_DETACH", Libc.PTRACE_DETACH, 0, (nuint)signal);

    /// <summary>Waits until the thread stops or ends, for as long as it takes.</summary>
    public StopReport Wait() => WaitOnce(0) ?? throw new LinuxException("waitpid", Errno.EAGAIN);

    /// <summary>What the thread reported, or null where it has not stopped yet.</summary>
    public StopReport? TryWait() => WaitOnce(Libc.WNOHANG);

    /// <summary>
    /// Makes the calling thread a quick one, for as long as it lives: first in line where the caller may ask for that,
    /// and with timers to the microsecond. What a traced thread waits for is mostly its tracer's turn to run.
    /// </summary>
    public static void HurryTracer()
    {
        const int FirstInLine = -20;
        const uint ThisThread = 0;
        const uint SlackNanoseconds = 1000;
        _ = Libc.setpriority(Libc.PRIO_PROCESS, ThisThread, FirstInLine);
        _ = Libc.prctl(Libc.PR_SET_TIMERSLACK, SlackNanoseconds, 0, 0, 0);
    }

    /// <summary>Gives the rest of this time slice to others, while a traced thread comes to its stop.</summary>
    public static void Yield() => Libc.sched_yield();

    /// <summary>Sleeps for some microseconds, while a traced thread comes to its stop.</summary>
    public static void Nap() => Libc.usleep(NapMicroseconds);

    /// <summary>Reads the registers of the stopped thread.</summary>
    public Registers GetRegisters()
    {
        Libc.user_regs_struct raw;

        // SAFETY: the kernel writes exactly one user_regs_struct.
        Request("PTRACE_GETREGS", Libc.PTRACE_GETREGS, 0, (nuint)(&raw));
        return new Registers(raw);
    }

    /// <summary>Writes the registers of the stopped thread.</summary>
    public void SetRegisters(in Registers registers)
    {
        var raw = registers.Raw;

        // SAFETY: the kernel reads exactly one user_regs_struct.
        Request("PTRACE_SETREGS", Libc.PTRACE_SETREGS, 0, (nuint)(&raw));
    }

    /// <summary>Which signals the thread blocks; bit 0 stands for signal 1.</summary>
    public ulong GetSignalMask()
    {
        ulong mask;

        // SAFETY: the size passed is that of mask.
        Request("PTRACE_GETSIGMASK", Libc.PTRACE_GETSIGMASK, sizeof(ulong), (nuint)(&mask));
        return mask;
    }

    /// <summary>Sets which signals the thread blocks; bit 0 stands for signal 1.</summary>
    public void SetSignalMask(ulong mask)
    {
        // SAFETY: the size passed is that of mask, which lives through the call.
        Request("PTRACE_SETSIGMASK", Libc.PTRACE_SETSIGMASK, sizeof(ulong), (nuint)(&mask));
    }

    /// <summary>
    /// Whether a <c>syscall</c> instruction at an address would be turned into a SIGSYS by the thread's syscall user
    /// dispatch (prctl PR_SET_SYSCALL_USER_DISPATCH).
    /// </summary>
    public bool IsDispatched(ulong syscallInstruction)
    {
        Libc.ptrace_sud_config dispatch;

        // SAFETY: the size passed is that of the struct.
        if (Libc.ptrace(Libc.PTRACE_GET_SYSCALL_USER_DISPATCH_CONFIG, ThreadId, (nuint)sizeof(Libc.ptrace_sud_config), (nuint)(&dispatch)) < 0
            || dispatch.mode == 0
            || syscallInstruction + 2 - dispatch.offset < dispatch.len)
        {
            return false;
        }

        // Without a selector byte that says "allow" (0), all calls from outside the range are dispatched.
        Span<byte> selector = [1];
        return dispatch.selector == 0 || !TryRead(dispatch.selector, selector) || selector[0] != 0;
    }

    /// <summary>
    /// Whether an address lies in the restartable sequence (rseq) that the thread is in: leaving it in mid-course and
    /// coming back would break its promise of being atomic.
    /// </summary>
    public bool IsInRestartableSequence(ulong instruction)
    {
        Libc.__ptrace_rseq_configuration area;
        Libc.rseq head;
        Libc.rseq_cs section;

        // SAFETY: each read fills exactly the struct whose size is passed.
        return Libc.ptrace(Libc.PTRACE_GET_RSEQ_CONFIGURATION, ThreadId, (nuint)sizeof(Libc.__ptrace_rseq_configuration), (nuint)(&area)) > 0
            && area.rseq_abi_pointer != 0
            && TryRead(area.rseq_abi_pointer, new Span<byte>(&head, sizeof(Libc.rseq)))
            && head.rseq_cs != 0
            && TryRead(head.rseq_cs, new Span<byte>(&section, sizeof(Libc.rseq_cs)))
            && instruction - section.start_ip < section.post_commit_offset;
    }

    /// <summary>Reads the memory of the thread's process; false where it is not all there.</summary>
    public bool TryRead(ulong address, Span<byte> into)
    {
        fixed (byte* data = into)
        {
            var local = new Libc.iovec { iov_base = data, iov_len = (nuint)into.Length };
            var remote = new Libc.iovec { iov_base = (void*)address, iov_len = (nuint)into.Length };

            // SAFETY: the kernel writes at most into.Length bytes into the pinned span; the remote address is checked by it.
            return Libc.process_vm_readv(ThreadId, &local, 1, &remote, 1, 0) == into.Length;
        }
    }

    private StopReport? WaitOnce(int options)
    {
        int status;
        while (true)
        {
            // SAFETY: the kernel writes one int.
            var got = Libc.waitpid(ThreadId, &status, Libc.__WALL | options);
            if (got > 0)
            {
                return StopReport.Parse(status);
            }

            if (got == 0)
            {
                return null;
            }

            switch ((Errno)Marshal.GetLastPInvokeError())
            {
                case Errno.EINTR:
                    continue;
                case Errno.ECHILD:
                    // The thread was reaped by an exec of its process: it is as gone as one that ended.
                    return new StopReport(StopKind.Ended, 0);
                case var other:
                    throw new LinuxException("waitpid", other, $"{ThreadId}");
            }
        }
    }

    private void Request(string name, int request, nuint address, nuint data)
    {
        if (Libc.ptrace(request, ThreadId, address, data) < 0)
        {
            throw LinuxException.Last(name, $"thread {ThreadId}");
        }
    }
}
