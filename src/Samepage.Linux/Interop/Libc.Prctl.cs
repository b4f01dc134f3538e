using System.Runtime.InteropServices;

namespace Samepage.Linux.Interop;

// <sys/prctl.h> (the memory-merge options came with 6.4 and are spelled out because older headers lack them)
internal static unsafe partial class Libc
{
    public const int PR_SET_TIMERSLACK = 29;
    public const int PR_SET_MEMORY_MERGE = 67;
    public const int PR_GET_MEMORY_MERGE = 68;

    [LibraryImport(Library, SetLastError = true)]
    public static partial int prctl(int option, nuint arg2, nuint arg3, nuint arg4, nuint arg5);
}
