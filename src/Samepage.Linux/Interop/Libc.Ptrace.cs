using System.Runtime.InteropServices;

namespace Samepage.Linux.Interop;

// <sys/ptrace.h> and <linux/ptrace.h> (the last two requests are spelled out because older headers lack them).
internal static unsafe partial class Libc
{
    public const int PTRACE_CONT = 7;
    public const int PTRACE_GETREGS = 12;
    public const int PTRACE_SETREGS = 13;
    public const int PTRACE_DETACH = 17;
    public const int PTRACE_SYSCALL = 24;
    public const int PTRACE_SEIZE = 0x4206;
    public const int PTRACE_INTERRUPT = 0x4207;
    public const int PTRACE_GETSIGMASK = 0x420a;
    public const int PTRACE_SETSIGMASK = 0x420b;
    public const int PTRACE_GET_RSEQ_CONFIGURATION = 0x420f;
    public const int PTRACE_GET_SYSCALL_USER_DISPATCH_CONFIG = 0x4211;
    public const int PTRACE_O_TRACESYSGOOD = 0x00000001;
    public const int PTRACE_O_SUSPEND_SECCOMP = 0x00200000;
    public const int PTRACE_EVENT_STOP = 128;

    public struct __ptrace_rseq_configuration
    {
        public ulong rseq_abi_pointer;
        public uint rseq_abi_size;
        public uint signature;
        public uint flags;
        public uint pad;
    }

    public struct ptrace_sud_config
    {
        public ulong mode;
        public ulong selector;
        public ulong offset;
        public ulong len;
    }

    // Variadic in the header; on x86-64 four integer arguments are passed alike either way.
    [LibraryImport(Library, SetLastError = true)]
    public static partial nint ptrace(int request, int pid, nuint addr, nuint data);
}
