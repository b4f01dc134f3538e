using System.Runtime.InteropServices;
using Samepage.Linux.Interop;

namespace Samepage.Linux.Probes;

/// <summary>Tries out, on the calling process itself, the calls that an estimate reads memory with.</summary>
public static unsafe class ReadProbe
{
    private const int PageSize = 4096;

    /// <summary>The PAGEMAP_SCAN request (6.7 and later); <see cref="Errno.None"/> where it works.</summary>
    public static Errno PagemapScan() => OverOwnPage(static (pagemap, page) =>
    {
        Libc.page_region region;
        var scan = new Libc.pm_scan_arg
        {
            size = (ulong)sizeof(Libc.pm_scan_arg),
            start = (ulong)page,
            end = (ulong)page + PageSize,
            vec = (ulong)&region,
            vec_len = 1,
            category_anyof_mask = Libc.PAGE_IS_PRESENT,
            return_mask = Libc.PAGE_IS_PRESENT,
        };
        // SAFETY: the request reads scan and writes at most one region, both locals.
        return Libc.ioctl(pagemap, Libc.PAGEMAP_SCAN, &scan) < 0 ? (Errno)Marshal.GetLastPInvokeError() : Errno.None;
    });

    /// <summary>Whether pagemap shows frame numbers to this caller; without CAP_SYS_ADMIN they read as zero.</summary>
    public static bool ShowsFrameNumbers() => Errno.None == OverOwnPage(static (pagemap, page) =>
    {
        const ulong FrameMask = (1UL << 55) - 1;
        ulong entry;
        // SAFETY: eight bytes go into a local of eight bytes.
        var got = Libc.pread(pagemap, &entry, sizeof(ulong), (nint)page / PageSize * sizeof(ulong));
        return got == sizeof(ulong) && (entry & FrameMask) != 0 ? Errno.None : Errno.EPERM;
    });

    /// <summary>process_vm_readv; <see cref="Errno.None"/> where it works.</summary>
    public static Errno ProcessVmRead()
    {
        ulong source = 0x5A3E, copy = 0;
        var from = new Libc.iovec { iov_base = &source, iov_len = sizeof(ulong) };
        var to = new Libc.iovec { iov_base = &copy, iov_len = sizeof(ulong) };
        // SAFETY: both vectors describe locals of this process.
        var got = Libc.process_vm_readv(Environment.ProcessId, &to, 1, &from, 1, 0);
        return got < 0 ? (Errno)Marshal.GetLastPInvokeError() : copy == source ? Errno.None : Errno.EIO;
    }

    private delegate Errno PageAction(int pagemap, byte* page);

    /// <summary>Runs an action with pagemap open and one present page that is surely this process's own.</summary>
    private static Errno OverOwnPage(PageAction action)
    {
        var pagemap = Libc.open("/proc/self/pagemap", Libc.O_RDONLY | Libc.O_CLOEXEC, 0);
        if (pagemap < 0)
        {
            return (Errno)Marshal.GetLastPInvokeError();
        }

        // SAFETY: the page is allocated here, written to make it present, and freed after the action.
        var page = (byte*)NativeMemory.AlignedAlloc(PageSize, PageSize);
        *page = 1;
        try
        {
            return action(pagemap, page);
        }
        finally
        {
            NativeMemory.AlignedFree(page);
            _ = Libc.close(pagemap);
        }
    }
}
