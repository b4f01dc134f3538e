using System.Runtime.InteropServices;

namespace Samepage.Linux.Interop;

// <sched.h>
internal static unsafe partial class Libc
{
    [LibraryImport(Library)]
    public static partial int sched_yield();
}
