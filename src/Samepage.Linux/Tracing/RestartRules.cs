using Samepage.Linux.Interop;

namespace Samepage.Linux.Tracing;

/// <summary>
/// How the kernel resumes a system call out of which a thread was stopped. Most calls answer one of four codes that no
/// program ever sees: the kernel starts the call again, or turns the code into EINTR where a signal handler ran. A few
/// answer EINTR at once, although no handler ran (signal(7) lists them): a tracer that only stops and lets go makes
/// them fail. Such a call did nothing yet, so it may as well be repeated. Giving it the code ERESTARTNOHAND leaves the
/// decision to the kernel again: EINTR where a handler runs, else the call starts anew. A limit on its time then
/// starts anew too.
/// </summary>
public static class RestartRules
{
    private const long Interrupted = -(long)Errno.EINTR;
    private const long RestartSys = -512;
    private const long RestartNoInterrupt = -513;
    private const long RestartNoHandler = -514;
    private const long RestartBlock = -516;

    private static readonly HashSet<long> s_repeatable =
    [
        Libc.SYS_epoll_wait, Libc.SYS_epoll_pwait, Libc.SYS_epoll_pwait2, Libc.SYS_rt_sigtimedwait,
        Libc.SYS_recvfrom, Libc.SYS_recvmsg, Libc.SYS_recvmmsg, Libc.SYS_accept, Libc.SYS_accept4, Libc.SYS_connect,
        Libc.SYS_sendto, Libc.SYS_sendmsg, Libc.SYS_sendmmsg,
        Libc.SYS_read, Libc.SYS_readv, Libc.SYS_write, Libc.SYS_writev,
        Libc.SYS_semop, Libc.SYS_semtimedop, Libc.SYS_io_getevents, Libc.SYS_io_pgetevents, Libc.SYS_io_uring_enter,
    ];

    private static readonly HashSet<long> s_restarted =
    [
        Libc.SYS_futex, Libc.SYS_poll, Libc.SYS_ppoll, Libc.SYS_select, Libc.SYS_pselect6, Libc.SYS_nanosleep,
        Libc.SYS_clock_nanosleep, Libc.SYS_pause, Libc.SYS_rt_sigsuspend, Libc.SYS_wait4, Libc.SYS_waitid,
        Libc.SYS_restart_syscall,
    ];

    /// <summary>Whether the kernel itself always restarts this call: the best place to stop a thread.</summary>
    public static bool IsRestartedByKernel(long number) => s_restarted.Contains(number);

    /// <summary>Whether the call may be repeated where it answers EINTR: it has then done nothing yet.</summary>
    public static bool IsRepeatable(long number) => s_repeatable.Contains(number);

    /// <summary>Whether the call makes a child process, and hence may wait for it without heeding signals.</summary>
    public static bool MakesChild(long number) => number is Libc.SYS_clone or Libc.SYS_vfork or Libc.SYS_clone3;

    /// <summary>Whether a call answered that it was interrupted, in any of the kernel's ways to say so.</summary>
    public static bool IsInterruption(long result) =>
        result is Interrupted or RestartSys or RestartNoInterrupt or RestartNoHandler or RestartBlock;

    /// <summary>Whether the registers are those of a thread that was stopped inside a system call.</summary>
    public static bool IsInsideCall(in Registers stopped) => stopped.SystemCall >= 0 && IsInterruption(stopped.Result);

    /// <summary>The registers to go on with, such that no EINTR comes out that no handler caused.</summary>
    public static Registers Repair(in Registers stopped) =>
        stopped.Result == Interrupted && IsRepeatable(stopped.SystemCall) ? stopped.WithResult(RestartNoHandler) : stopped;
}
