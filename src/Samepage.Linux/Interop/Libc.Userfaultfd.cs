using System.Runtime.InteropServices;

namespace Samepage.Linux.Interop;

// <linux/userfaultfd.h>, and the system call's number from <sys/syscall.h>
internal static unsafe partial class Libc
{
    public const int SYS_userfaultfd = 323;
    public const uint USERFAULTFD_IOC_NEW = 0xAA00;
    public const ulong UFFD_API = 0xAA;
    public const uint UFFDIO_API = 0xC018AA3F;
    public const ulong UFFD_FEATURE_PAGEFAULT_FLAG_WP = 1 << 0;
    public const ulong UFFD_FEATURE_EVENT_FORK = 1 << 1;
    public const ulong UFFD_FEATURE_WP_ASYNC = 1 << 15;
    public const ulong UFFD_FEATURE_MOVE = 1 << 16;

    public struct uffdio_api
    {
        public ulong api;
        public ulong features;
        public ulong ioctls;
    }

    // The C library has no wrapper of its own for this call.
    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    public static partial nint syscall_userfaultfd(nint number, nint flags);
}
