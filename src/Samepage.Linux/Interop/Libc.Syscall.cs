using System.Runtime.InteropServices;

namespace Samepage.Linux.Interop;

// <sys/syscall.h>, x86-64: the numbers that Samepage injects, recognises in a thread that waits, or calls itself
// without the C library's function in between, which a preloaded library may have wrapped.
internal static unsafe partial class Libc
{
    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    public static partial nint syscall(nint number, nint a, nint b, nint c, nint d, nint e, nint f);

    public const int SYS_read = 0;
    public const int SYS_write = 1;
    public const int SYS_poll = 7;
    public const int SYS_mmap = 9;
    public const int SYS_mprotect = 10;
    public const int SYS_munmap = 11;
    public const int SYS_readv = 19;
    public const int SYS_writev = 20;
    public const int SYS_select = 23;
    public const int SYS_mremap = 25;
    public const int SYS_madvise = 28;
    public const int SYS_pause = 34;
    public const int SYS_nanosleep = 35;
    public const int SYS_connect = 42;
    public const int SYS_accept = 43;
    public const int SYS_sendto = 44;
    public const int SYS_recvfrom = 45;
    public const int SYS_sendmsg = 46;
    public const int SYS_recvmsg = 47;
    public const int SYS_clone = 56;
    public const int SYS_vfork = 58;
    public const int SYS_wait4 = 61;
    public const int SYS_semop = 65;
    public const int SYS_rt_sigtimedwait = 128;
    public const int SYS_rt_sigsuspend = 130;
    public const int SYS_mlock = 149;
    public const int SYS_prctl = 157;
    public const int SYS_gettid = 186;
    public const int SYS_futex = 202;
    public const int SYS_io_getevents = 208;
    public const int SYS_restart_syscall = 219;
    public const int SYS_semtimedop = 220;
    public const int SYS_clock_nanosleep = 230;
    public const int SYS_epoll_wait = 232;
    public const int SYS_waitid = 247;
    public const int SYS_pselect6 = 270;
    public const int SYS_ppoll = 271;
    public const int SYS_epoll_pwait = 281;
    public const int SYS_accept4 = 288;
    public const int SYS_recvmmsg = 299;
    public const int SYS_sendmmsg = 307;
    public const int SYS_io_pgetevents = 333;
    public const int SYS_io_uring_enter = 426;
    public const int SYS_pidfd_open = 434;
    public const int SYS_clone3 = 435;
    public const int SYS_process_madvise = 440;
    public const int SYS_epoll_pwait2 = 441;

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    public static partial nint syscall_pidfd_open(nint number, nint pid, nint flags);

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    public static partial nint syscall_process_madvise(nint number, nint pidfd, iovec* vec, nuint vlen, nint advice, nuint flags);
}
