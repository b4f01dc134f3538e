using System.Globalization;
using Samepage.Linux.Interop;

namespace Samepage.Linux.Memory;

/// <summary>
/// Files in memory that the kernel backs with large folios: copying into one costs a page a third of what it costs in an
/// ordinary memory file, where each page is looked up on its own. For that they need a tmpfs of their own, with an
/// option that memory files cannot have. It is mounted nowhere, and goes with the last descriptor. Thread-safe: it keeps
/// nothing.
/// </summary>
public static class ScratchFile
{
    /// <summary>Makes an empty file, not inherited over exec.</summary>
    /// <param name="bytes">Its length, and all that can be written to it.</param>
    /// <returns>Its descriptor, the caller's to close; -1 where the privilege (CAP_SYS_ADMIN) or the kernel's help is lacking.</returns>
    public static int TryCreate(long bytes)
    {
        var context = (int)Libc.syscall_fsopen(Libc.SYS_fsopen, "tmpfs", Libc.FSOPEN_CLOEXEC);
        var mount = -1;
        try
        {
            if (context < 0 || !Configure(context, bytes))
            {
                return -1;
            }

            mount = (int)Libc.syscall_fsmount(Libc.SYS_fsmount, context, Libc.FSMOUNT_CLOEXEC, 0);
            return mount < 0 ? -1 : Create(mount, bytes);
        }
        finally
        {
            FileHandle.Close(ref mount);
            FileHandle.Close(ref context);
        }
    }

    private static bool Configure(int context, long bytes) =>
        Set(context, "size", bytes.ToString(CultureInfo.InvariantCulture))
        && Set(context, "huge", "within_size")
        && Set(context, "mode", "0700")
        && Libc.syscall_fsconfig(Libc.SYS_fsconfig, context, Libc.FSCONFIG_CMD_CREATE, null, null, 0) == 0;

    private static bool Set(int context, string key, string value) =>
        Libc.syscall_fsconfig(Libc.SYS_fsconfig, context, Libc.FSCONFIG_SET_STRING, key, value, 0) == 0;

    private static int Create(int mount, long bytes)
    {
        var file = Libc.openat(mount, ".", Libc.O_TMPFILE | Libc.O_RDWR | Libc.O_CLOEXEC, 0b110_000_000);
        if (file >= 0 && Libc.ftruncate(file, (nint)bytes) != 0)
        {
            FileHandle.Close(ref file);
        }

        return file;
    }
}
