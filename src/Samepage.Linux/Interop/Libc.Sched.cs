using System.Runtime.InteropServices;

namespace Samepage.Linux.Interop;

// <sched.h> and <sys/resource.h>
internal static unsafe partial class Libc
{
    public const int PRIO_PROCESS = 0;
    public const int SCHED_OTHER = 0;
    public const int SCHED_FIFO = 1;

    public struct sched_param
    {
        public int sched_priority;
    }

    [LibraryImport(Library, SetLastError = true)]
    public static partial int sched_setscheduler(int pid, int policy, sched_param* param);

    [LibraryImport(Library)]
    public static partial int sched_yield();

    [LibraryImport(Library, SetLastError = true)]
    public static partial int setpriority(int which, uint who, int prio);
}
