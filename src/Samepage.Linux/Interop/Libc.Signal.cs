using System.Runtime.InteropServices;

namespace Samepage.Linux.Interop;

// <signal.h>
internal static unsafe partial class Libc
{
    public const int SIGTRAP = 5;
    public const int SIGKILL = 9;
    public const int SIGPIPE = 13;
    public const nint SIG_DFL = 0;

    [LibraryImport(Library, SetLastError = true)]
    public static partial nint signal(int signum, nint handler);
}
