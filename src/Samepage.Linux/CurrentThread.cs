using Samepage.Linux.Interop;

namespace Samepage.Linux;

/// <summary>The calling thread as the kernel knows it.</summary>
public static unsafe class CurrentThread
{
    /// <summary>Its number.</summary>
    public static int Id => (int)Libc.syscall(Libc.SYS_gettid, 0, 0, 0, 0, 0, 0);

    /// <summary>Processor time that it has used, in nanoseconds.</summary>
    public static long CpuNanoseconds
    {
        get
        {
            Libc.timespec time;
            // SAFETY: the kernel fills the local.
            _ = Libc.clock_gettime(Libc.CLOCK_THREAD_CPUTIME_ID, &time);
            return time.tv_sec * 1_000_000_000L + time.tv_nsec;
        }
    }
}
