using System.Runtime.InteropServices;

namespace Samepage.Linux.Interop;

// <sys/file.h>, and the limit of open files from <sys/resource.h>
internal static unsafe partial class Libc
{
    public const int LOCK_EX = 2;
    public const int LOCK_NB = 4;
    public const int RLIMIT_NOFILE = 7;

    public struct rlimit
    {
        public ulong rlim_cur;
        public ulong rlim_max;
    }

    [LibraryImport(Library, SetLastError = true)]
    public static partial int flock(int fd, int operation);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int getrlimit(int resource, rlimit* rlim);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int setrlimit(int resource, rlimit* rlim);
}
