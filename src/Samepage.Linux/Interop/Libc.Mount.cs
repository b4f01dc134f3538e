using System.Runtime.InteropServices;

namespace Samepage.Linux.Interop;

// <linux/mount.h>: file systems that are made without being mounted anywhere. By number, as the C library of older
// distributions has no functions for them.
internal static unsafe partial class Libc
{
    public const int SYS_fsopen = 430;
    public const int SYS_fsconfig = 431;
    public const int SYS_fsmount = 432;
    public const int FSOPEN_CLOEXEC = 0x1;
    public const int FSMOUNT_CLOEXEC = 0x1;
    public const int FSCONFIG_SET_STRING = 1;
    public const int FSCONFIG_CMD_CREATE = 6;

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint syscall_fsopen(nint number, string type, nint flags);

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint syscall_fsconfig(nint number, nint descriptor, nint command, string? key, string? value, nint aux);

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    public static partial nint syscall_fsmount(nint number, nint descriptor, nint flags, nint attributes);
}
