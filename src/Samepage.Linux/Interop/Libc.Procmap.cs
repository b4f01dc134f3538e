namespace Samepage.Linux.Interop;

// <linux/fs.h>: the PROCMAP_QUERY ioctl (6.11 and later; spelled out because older headers lack it).
internal static unsafe partial class Libc
{
    public const uint PROCMAP_QUERY = 0xC0686611;
    public const ulong PROCMAP_QUERY_VMA_READABLE = 0x01;
    public const ulong PROCMAP_QUERY_VMA_WRITABLE = 0x02;
    public const ulong PROCMAP_QUERY_VMA_EXECUTABLE = 0x04;
    public const ulong PROCMAP_QUERY_VMA_SHARED = 0x08;

    public struct procmap_query
    {
        public ulong size;
        public ulong query_flags;
        public ulong query_addr;
        public ulong vma_start;
        public ulong vma_end;
        public ulong vma_flags;
        public ulong vma_page_size;
        public ulong vma_offset;
        public ulong inode;
        public uint dev_major;
        public uint dev_minor;
        public uint vma_name_size;
        public uint build_id_size;
        public ulong vma_name_addr;
        public ulong build_id_addr;
    }
}
