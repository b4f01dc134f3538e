using Samepage.Linux.Interop;

namespace Samepage.Linux;

/// <summary>How the kernel schedules the calling thread.</summary>
public static unsafe class ThreadPriority
{
    /// <summary>Above all ordinary threads: SCHED_FIFO, priority 1.</summary>
    /// <returns>False where it lacks CAP_SYS_NICE and RLIMIT_RTPRIO is 0.</returns>
    public static bool TryRaise() => Set(Libc.SCHED_FIFO, 1);

    /// <summary>As any other thread: SCHED_OTHER.</summary>
    public static void Lower() => _ = Set(Libc.SCHED_OTHER, 0);

    /// <summary>Behind others that want the processor (0 the usual, 19 the last).</summary>
    public static void SetNice(int nice) => _ = Libc.setpriority(Libc.PRIO_PROCESS, 0, nice);

    private static bool Set(int policy, int priority)
    {
        var parameter = new Libc.sched_param { sched_priority = priority };
        // SAFETY: the call reads the local parameter; 0 is the calling thread.
        return Libc.sched_setscheduler(0, policy, &parameter) == 0;
    }
}
