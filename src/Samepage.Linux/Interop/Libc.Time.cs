using System.Runtime.InteropServices;

namespace Samepage.Linux.Interop;

// <time.h>
internal static unsafe partial class Libc
{
    public const int CLOCK_THREAD_CPUTIME_ID = 3;

    public struct timespec
    {
        public nint tv_sec;
        public nint tv_nsec;
    }

    [LibraryImport(Library, SetLastError = true)]
    public static partial int clock_gettime(int clockid, timespec* tp);
}
