using Samepage.Linux.Interop;

namespace Samepage.Linux;

/// <summary>Sleeping on a word of memory, within one process.</summary>
public static unsafe class Futex
{
    /// <summary>Sleeps until the word is woken, as long as it still has a value; may wake for no reason.</summary>
    /// <param name="word">The word.</param>
    /// <param name="expected">Returns at once where it is not this.</param>
    /// <param name="milliseconds">At most so long.</param>
    public static void Wait(uint* word, uint expected, int milliseconds)
    {
        var limit = new Libc.timespec { tv_sec = milliseconds / 1000, tv_nsec = milliseconds % 1000 * 1_000_000 };
        // SAFETY: the kernel reads the word, for which the caller vouches, and the local limit.
        _ = Libc.syscall(
            Libc.SYS_futex, (nint)word, Libc.FUTEX_WAIT | Libc.FUTEX_PRIVATE_FLAG, (nint)expected, (nint)(&limit), 0, 0);
    }

    /// <summary>Wakes all who sleep on the word.</summary>
    public static void WakeAll(uint* word) =>
        _ = Libc.syscall(Libc.SYS_futex, (nint)word, Libc.FUTEX_WAKE | Libc.FUTEX_PRIVATE_FLAG, int.MaxValue, 0, 0, 0);
}
