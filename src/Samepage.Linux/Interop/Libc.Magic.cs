namespace Samepage.Linux.Interop;

// <linux/magic.h>: file systems that matter to a swap file
internal static unsafe partial class Libc
{
    public const long BTRFS_SUPER_MAGIC = 0x9123683E;
    public const long EXT4_SUPER_MAGIC = 0xEF53;
    public const long F2FS_SUPER_MAGIC = 0xF2F52010;
    public const long FUSE_SUPER_MAGIC = 0x65735546;
    public const long NFS_SUPER_MAGIC = 0x6969;
    public const long OVERLAYFS_SUPER_MAGIC = 0x794c7630;
    public const long RAMFS_MAGIC = 0x858458f6;
    public const long SQUASHFS_MAGIC = 0x73717368;
    public const long XFS_SUPER_MAGIC = 0x58465342;
}
