using Samepage.Linux.Interop;
using Samepage.Linux.Proc;

namespace Samepage.Linux.Memory;

/// <summary>
/// The page table of one process as <c>/proc/PID/pagemap</c> shows it. It stays bound to the memory that the process
/// had when it was opened: after an exec it goes on about the old one. Reads may run on several threads.
/// </summary>
public sealed unsafe class PageMap : IDisposable
{
    private readonly int _fd;
    private readonly string _path;

    /// <summary>Opens a process's page table.</summary>
    /// <param name="proc">The process file system to look in.</param>
    /// <param name="pid">The process.</param>
    /// <param name="useScan">False does as if the kernel had no PAGEMAP_SCAN.</param>
    /// <exception cref="LinuxException">The process is gone, or the caller may not look at it.</exception>
    public PageMap(ProcFs proc, int pid, bool useScan = true)
    {
        _path = proc.PathOf(pid, "pagemap");
        _fd = Libc.open(_path, Libc.O_RDONLY | Libc.O_CLOEXEC, 0);
        if (_fd < 0)
        {
            throw LinuxException.Last(_path);
        }

        SupportsScan = useScan && ProbeScan();
    }

    /// <summary>Whether the kernel has PAGEMAP_SCAN (6.7 and later), and may use it.</summary>
    public bool SupportsScan { get; }

    /// <summary>Reads entries for consecutive pages.</summary>
    /// <returns>How many entries the kernel gave; fewer at the end of the address space.</returns>
    /// <exception cref="LinuxException">The read failed.</exception>
    public int Read(ulong address, Span<PageMapEntry> entries)
    {
        fixed (PageMapEntry* data = entries)
        {
            // SAFETY: PageMapEntry is one ulong; the kernel writes at most the length of the pinned span.
            var got = Libc.pread(
                _fd, data, (nuint)entries.Length * sizeof(ulong), (nint)(address / AnonymousMemory.PageSize * sizeof(ulong)));
            return got >= 0 ? (int)(got / sizeof(ulong)) : throw LinuxException.Last(_path);
        }
    }

    /// <summary>
    /// Finds present pages from <paramref name="cursor"/> on, at the cost of page tables that exist, not of addresses.
    /// </summary>
    /// <param name="cursor">Where to go on; moved behind what was looked at, to <paramref name="end"/> when all was.</param>
    /// <param name="end">Address behind the last to look at.</param>
    /// <param name="runs">Filled with what was found.</param>
    /// <returns>The number of runs found.</returns>
    /// <exception cref="LinuxException">The scan failed, or the kernel has none.</exception>
    public int Scan(ref ulong cursor, ulong end, Span<PresentRun> runs) =>
        Scan(ref cursor, end, runs, Libc.PAGE_IS_PRESENT, 0);

    /// <summary>
    /// As <see cref="Scan(ref ulong, ulong, Span{PresentRun})"/>, of pages only that are this process's own: neither of a
    /// file nor the kernel's shared zero page. In a copy-on-write mapping of a file these are the pages written since.
    /// </summary>
    /// <exception cref="LinuxException">The scan failed, or the kernel has none.</exception>
    public int ScanOwn(ref ulong cursor, ulong end, Span<PresentRun> runs) =>
        Scan(
            ref cursor, end, runs, Libc.PAGE_IS_PRESENT | Libc.PAGE_IS_FILE | Libc.PAGE_IS_PFNZERO,
            Libc.PAGE_IS_FILE | Libc.PAGE_IS_PFNZERO);

    private int Scan(ref ulong cursor, ulong end, Span<PresentRun> runs, ulong mask, ulong inverted)
    {
        var regions = stackalloc Libc.page_region[Math.Min(runs.Length, 256)];
        var capacity = Math.Min(runs.Length, 256);
        var argument = new Libc.pm_scan_arg
        {
            size = (ulong)sizeof(Libc.pm_scan_arg),
            start = cursor,
            end = end,
            vec = (ulong)regions,
            vec_len = (ulong)capacity,
            category_mask = mask,
            category_inverted = inverted,
            return_mask = Libc.PAGE_IS_PRESENT | Libc.PAGE_IS_HUGE | Libc.PAGE_IS_PFNZERO,
        };

        // SAFETY: argument and regions live on this stack frame; the kernel writes at most vec_len regions.
        var found = Libc.ioctl(_fd, Libc.PAGEMAP_SCAN, &argument);
        if (found < 0)
        {
            throw LinuxException.Last("ioctl(PAGEMAP_SCAN)", _path);
        }

        for (var i = 0; i < found; i++)
        {
            runs[i] = new PresentRun(
                regions[i].start, regions[i].end,
                (regions[i].categories & Libc.PAGE_IS_HUGE) != 0,
                (regions[i].categories & Libc.PAGE_IS_PFNZERO) != 0);
        }

        // Fewer regions than there was room for means that the walk is over. When it stopped for want of room, walk_end
        // may lie before the end of the last region.
        cursor = found < capacity ? end : Math.Max(argument.walk_end, regions[found - 1].end);
        return found;
    }

    /// <inheritdoc/>
    public void Dispose() => _ = Libc.close(_fd);

    private bool ProbeScan()
    {
        Span<PresentRun> none = stackalloc PresentRun[1];
        ulong cursor = 0;
        try
        {
            _ = Scan(ref cursor, AnonymousMemory.PageSize, none);
            return true;
        }
        catch (LinuxException error) when (error.Errno is Errno.ENOTTY or Errno.EINVAL or Errno.EIO)
        {
            return false;
        }
    }
}
