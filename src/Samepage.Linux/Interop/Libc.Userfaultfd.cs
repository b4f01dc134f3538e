using System.Runtime.InteropServices;

namespace Samepage.Linux.Interop;

// <linux/userfaultfd.h>, and the system call's number from <sys/syscall.h>
internal static unsafe partial class Libc
{
    public const int SYS_userfaultfd = 323;
    public const uint USERFAULTFD_IOC_NEW = 0xAA00;
    public const ulong UFFD_API = 0xAA;
    public const uint UFFDIO_API = 0xC018AA3F;
    public const uint UFFDIO_REGISTER = 0xC020AA00;
    public const uint UFFDIO_UNREGISTER = 0x8010AA01;
    public const uint UFFDIO_WAKE = 0x8010AA02;
    public const uint UFFDIO_COPY = 0xC028AA03;
    public const uint UFFDIO_ZEROPAGE = 0xC020AA04;
    public const uint UFFDIO_MOVE = 0xC028AA05;
    public const uint UFFDIO_WRITEPROTECT = 0xC018AA06;
    public const ulong UFFD_FEATURE_PAGEFAULT_FLAG_WP = 1 << 0;
    public const ulong UFFD_FEATURE_EVENT_FORK = 1 << 1;
    public const ulong UFFD_FEATURE_WP_ASYNC = 1 << 15;
    public const ulong UFFD_FEATURE_MOVE = 1 << 16;
    public const ulong UFFDIO_REGISTER_MODE_MISSING = 1 << 0;
    public const ulong UFFDIO_REGISTER_MODE_WP = 1 << 1;
    public const ulong UFFDIO_WRITEPROTECT_MODE_WP = 1 << 0;
    public const ulong UFFDIO_MOVE_MODE_DONTWAKE = 1 << 0;
    public const byte UFFD_EVENT_FORK = 0x13;

    public struct uffdio_api
    {
        public ulong api;
        public ulong features;
        public ulong ioctls;
    }

    public struct uffdio_range
    {
        public ulong start;
        public ulong len;
    }

    public struct uffdio_register
    {
        public uffdio_range range;
        public ulong mode;
        public ulong ioctls;
    }

    public struct uffdio_copy
    {
        public ulong dst;
        public ulong src;
        public ulong len;
        public ulong mode;
        public long copy;
    }

    public struct uffdio_zeropage
    {
        public uffdio_range range;
        public ulong mode;
        public long zeropage;
    }

    public struct uffdio_move
    {
        public ulong dst;
        public ulong src;
        public ulong len;
        public ulong mode;
        public long move;
    }

    public struct uffdio_writeprotect
    {
        public uffdio_range range;
        public ulong mode;
    }

    // The C library has no wrapper of its own for this call.
    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    public static partial nint syscall_userfaultfd(nint number, nint flags);
}
