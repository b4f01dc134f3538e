using System.Runtime.InteropServices;

namespace Samepage.Linux.Interop;

// <sched.h> and <sys/resource.h>
internal static unsafe partial class Libc
{
    public const int PRIO_PROCESS = 0;

    [LibraryImport(Library)]
    public static partial int sched_yield();

    [LibraryImport(Library, SetLastError = true)]
    public static partial int setpriority(int which, uint who, int prio);
}
