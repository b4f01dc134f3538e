using System.Runtime.InteropServices;

namespace Samepage.Linux.Interop;

// <linux/memfd.h>, and the seals of <linux/fcntl.h>. MFD_NOEXEC_SEAL came with 6.3.
internal static unsafe partial class Libc
{
    public const uint MFD_CLOEXEC = 0x1;
    public const uint MFD_ALLOW_SEALING = 0x2;
    public const uint MFD_NOEXEC_SEAL = 0x8;
    public const int F_ADD_SEALS = 1033;
    public const int F_GET_SEALS = 1034;
    public const int F_SEAL_SEAL = 0x1;
    public const int F_SEAL_SHRINK = 0x2;
    public const int F_SEAL_GROW = 0x4;
    public const int F_SEAL_WRITE = 0x8;
    public const int SEEK_SET = 0;
    public const int SEEK_HOLE = 4;

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int memfd_create(string name, uint flags);
}
