using System.Runtime.InteropServices;

namespace Samepage.Linux.Interop;

// <sys/stat.h>, x86-64
internal static unsafe partial class Libc
{
    // Its times follow and are not spelled out.
    [StructLayout(LayoutKind.Sequential, Size = 144)]
    public struct stat
    {
        public ulong st_dev;
        public ulong st_ino;
        public ulong st_nlink;
        public uint st_mode;
        public uint st_uid;
        public uint st_gid;
        public uint __pad0;
        public ulong st_rdev;
        public long st_size;
        public long st_blksize;
        public long st_blocks;
    }

    [LibraryImport(Library, SetLastError = true)]
    public static partial int fstat(int fd, stat* statbuf);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int fchmod(int fd, uint mode);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int chmod(string pathname, uint mode);
}
