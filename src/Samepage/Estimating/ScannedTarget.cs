using Samepage.Linux;
using Samepage.Linux.Memory;
using Samepage.Linux.Proc;
using Samepage.Targets;

namespace Samepage.Estimating;

/// <summary>
/// One target while it is looked at: its mappings, sorted into those that can be merged and those that cannot, and the
/// open handles to its page table and memory. Opened and closed by the queue's lock holder; read by all workers.
/// </summary>
internal sealed class ScannedTarget : IDisposable
{
    /// <summary>What a process shows that is on its way out and has given its memory back.</summary>
    private const string NoImage = "0 0 0";

    private readonly ProcFs _proc;
    private readonly TargetProcess _process;
    private readonly string? _image;

    /// <summary>Opens a target.</summary>
    /// <exception cref="LinuxException">It is gone, or the caller may not look at it.</exception>
    public ScannedTarget(ProcFs proc, TargetProcess process, int number, bool useScan = true)
    {
        _proc = proc;
        _process = process;
        Number = number;
        _image = ImageOf(proc, process.Pid);
        PageMap = new PageMap(proc, process.Pid, useScan);
        try
        {
            Memory = new ProcessMemory(proc, process.Pid);
            Sort(Smaps.Read(proc, process.Pid));
        }
        catch
        {
            PageMap.Dispose();
            throw;
        }
    }

    /// <summary>Its place in the query, counted from zero.</summary>
    public int Number { get; }

    /// <summary>Its page table.</summary>
    public PageMap PageMap { get; }

    /// <summary>Its memory.</summary>
    public ProcessMemory Memory { get; }

    /// <summary>Private mappings that may hold anonymous pages, in ascending order.</summary>
    public List<MemoryRegion> Regions { get; } = [];

    /// <summary>Memory that merging cannot take.</summary>
    public Dictionary<UnmergeableReason, UnmergeableMemory> NotMergeable { get; } = [];

    /// <summary>Pages that the kernel has merged.</summary>
    public long KsmMergedPages { get; private set; }

    /// <summary>Pages in swap.</summary>
    public long SwappedPages { get; private set; }

    /// <summary>What went wrong, in words for people; null while nothing did.</summary>
    public string? Note { get; set; }

    /// <summary>
    /// Whether the process still runs the program that it ran when it was opened. Copying memory goes by process
    /// number: after an exec it would deliver another program's pages.
    /// </summary>
    public void CheckStillSame()
    {
        var image = ImageOf(_proc, _process.Pid);

        // In the middle of an exec a process has no image for a moment, as one that has ended has for ever.
        for (var look = 0; look < 20 && image is NoImage && _process.IsAlive(_proc); look++)
        {
            Thread.Sleep(1);
            image = ImageOf(_proc, _process.Pid);
        }

        if (!_process.IsAlive(_proc) || image is null or NoImage)
        {
            Note = "it ended while it was looked at; the counts are of what had been read by then";
        }
        else if (image != _image)
        {
            Note = "it started another program (exec) while it was looked at; the counts are incomplete";
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        PageMap.Dispose();
        Memory.Dispose();
    }

    /// <summary>Where code and stack begin: address space randomisation makes it a mark of one exec.</summary>
    private static string? ImageOf(ProcFs proc, int pid)
    {
        if (proc.TryRead(pid, "stat") is not { } stat)
        {
            return null;
        }

        var fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length > 25 ? string.Join(' ', fields[23..26]) : null;
    }

    private void Sort(IReadOnlyList<MemoryRegion> regions)
    {
        foreach (var region in regions)
        {
            KsmMergedPages += (region.MergedBytes ?? 0) / AnonymousMemory.PageSize;
            if (RegionClassifier.Refusal(region) is { } reason)
            {
                Refuse(reason, region.ResidentBytes, region.Bytes);
                continue;
            }

            SwappedPages += region.SwapBytes / AnonymousMemory.PageSize;
            if (region.Inode != 0)
            {
                Refuse(RegionClassifier.BackingOf(region), region.ResidentBytes - region.AnonymousBytes, region.Bytes);
            }

            // An anonymous mapping may show nothing resident and yet map the kernel's zero page, which is not counted.
            if (region.Inode == 0 || region.AnonymousBytes > 0)
            {
                Regions.Add(region);
            }
        }
    }

    private void Refuse(UnmergeableReason reason, long resident, long mapped)
    {
        var known = NotMergeable.GetValueOrDefault(reason, new UnmergeableMemory(reason, 0, 0));
        NotMergeable[reason] = known with
        {
            ResidentBytes = known.ResidentBytes + resident,
            MappedBytes = known.MappedBytes + mapped,
        };
    }
}
