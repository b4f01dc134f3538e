namespace Samepage.Linux.Interop;

// <linux/futex.h>
internal static unsafe partial class Libc
{
    public const int FUTEX_WAIT = 0;
    public const int FUTEX_WAKE = 1;
    public const int FUTEX_PRIVATE_FLAG = 128;
}
