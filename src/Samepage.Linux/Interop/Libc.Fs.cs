namespace Samepage.Linux.Interop;

// <linux/fs.h>: the PAGEMAP_SCAN ioctl (6.7 and later; the constants are spelled out because older headers lack them).
internal static unsafe partial class Libc
{
    public const uint PAGEMAP_SCAN = 0xC0606610;
    public const ulong PAGE_IS_WPALLOWED = 1 << 0;
    public const ulong PAGE_IS_WRITTEN = 1 << 1;
    public const ulong PAGE_IS_FILE = 1 << 2;
    public const ulong PAGE_IS_PRESENT = 1 << 3;
    public const ulong PAGE_IS_SWAPPED = 1 << 4;
    public const ulong PAGE_IS_PFNZERO = 1 << 5;
    public const ulong PAGE_IS_HUGE = 1 << 6;

    public struct page_region
    {
        public ulong start;
        public ulong end;
        public ulong categories;
    }

    public struct pm_scan_arg
    {
        public ulong size;
        public ulong flags;
        public ulong start;
        public ulong end;
        public ulong walk_end;
        public ulong vec;
        public ulong vec_len;
        public ulong max_pages;
        public ulong category_inverted;
        public ulong category_mask;
        public ulong category_anyof_mask;
        public ulong return_mask;
    }
}
