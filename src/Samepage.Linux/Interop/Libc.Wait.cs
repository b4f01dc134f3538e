using System.Runtime.InteropServices;

namespace Samepage.Linux.Interop;

// <sys/wait.h>
internal static unsafe partial class Libc
{
    public const int WNOHANG = 1;
    public const int __WALL = 0x40000000;

    [LibraryImport(Library, SetLastError = true)]
    public static partial int waitpid(int pid, int* wstatus, int options);
}
