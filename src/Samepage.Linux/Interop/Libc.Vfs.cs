using System.Runtime.InteropServices;

namespace Samepage.Linux.Interop;

// <sys/vfs.h>, x86-64, and the one number of <linux/magic.h> that Samepage looks for.
internal static unsafe partial class Libc
{
    public const long TMPFS_MAGIC = 0x01021994;

    // Spare words follow.
    [StructLayout(LayoutKind.Sequential, Size = 120)]
    public struct statfs
    {
        public long f_type;
        public long f_bsize;
        public ulong f_blocks;
        public ulong f_bfree;
        public ulong f_bavail;
        public ulong f_files;
        public ulong f_ffree;
        public ulong f_fsid;
        public long f_namelen;
        public long f_frsize;
        public long f_flags;
    }

    [LibraryImport(Library, SetLastError = true)]
    public static partial int fstatfs(int fd, statfs* buf);
}
