using Samepage.Linux;
using Samepage.Linux.Memory;
using Samepage.Linux.Proc;
using Samepage.Pages;

namespace Samepage.Scenarios.FiftyTwo;

/// <summary>What guests' memory comes to.</summary>
/// <param name="Frames">Frames that it occupies, each counted once however often it is mapped, and pages in swap.</param>
/// <param name="Contents">Different contents in it; 0 where they were not asked for. A page in swap counts as one of its own.</param>
/// <param name="OwnPages">Of each guest, in their order: pages with something behind them that is not the kernel's zero page; null where it has ended.</param>
internal sealed record FrameCount(long Frames, long Contents, IReadOnlyList<long?> OwnPages);

/// <summary>
/// Counts by page tables, whoever merged: the pages of a guest's memory, the frames behind those of all guests, and, where
/// asked, the different contents of those frames, which is what perfect merging would leave. A page with nothing behind it
/// is one of zeros that was given back.
/// </summary>
/// <param name="proc">Where processes are looked up.</param>
internal sealed unsafe class GuestFrames(ProcFs proc)
{
    private const int Window = 512;
    private const ulong PageSize = 4096;

    private readonly Lazy<ulong> _zeroFrame = new(() => FindZeroFrame(proc));

    /// <summary>
    /// Where a guest's memory lies in QEMU: the largest stretch of private memory that can be written. The user engine
    /// divides it into many mappings, which still lie side by side.
    /// </summary>
    public (ulong Start, ulong End) Range(int pid)
    {
        (ulong Start, ulong End) largest = default, open = default;
        foreach (var line in MapsLine.Read(proc, pid).Where(line => line.IsPrivateData))
        {
            open = (line.Start == open.End ? open.Start : line.Start, line.End);
            largest = open.End - open.Start > largest.End - largest.Start ? open : largest;
        }

        return largest;
    }

    /// <summary>Pages in a range that something stands behind, in memory or in swap.</summary>
    /// <exception cref="LinuxException">The process has ended.</exception>
    public long TouchedPages(int pid, (ulong Start, ulong End) range)
    {
        long touched = 0;
        using var map = new PageMap(proc, pid);
        Span<PageMapEntry> entries = stackalloc PageMapEntry[Window];
        for (var at = range.Start; at < range.End; at += Window * PageSize)
        {
            foreach (var entry in Entries(map, at, range.End, entries))
            {
                touched += entry.IsPresent || entry.IsSwapped ? 1 : 0;
            }
        }

        return touched;
    }

    /// <summary>Looks at all guests. One that ends meanwhile is left out.</summary>
    /// <param name="guests">Processes and where their guests' memory lies.</param>
    /// <param name="withContents">Whether to read each frame too, once.</param>
    /// <param name="cancel">Ends the look early; what it then tells is of a part only.</param>
    public FrameCount Look(IReadOnlyList<(int Pid, (ulong Start, ulong End) Range)> guests, bool withContents, CancellationToken cancel)
    {
        var seen = new FrameSet();
        using var contents = withContents ? new ContentSet() : null;
        var (swapped, own) = (0L, new List<long?>());
        foreach (var (pid, range) in guests)
        {
            if (cancel.IsCancellationRequested)
            {
                break;
            }

            try
            {
                var (present, inSwap) = Look(pid, range, seen, contents);
                swapped += inSwap;
                own.Add(present + inSwap);
            }
            catch (LinuxException)
            {
                // It has ended.
                own.Add(null);
            }
        }

        return new FrameCount(seen.Count + swapped, contents is null ? 0 : contents.Count + swapped, own);
    }

    /// <summary>The kernel has one page of zeros, which it maps wherever untouched memory is read: our own shows which.</summary>
    private static ulong FindZeroFrame(ProcFs proc)
    {
        using var untouched = new AnonymousMemory((long)PageSize, hugePages: false);
        _ = Volatile.Read(ref *untouched.Data);
        using var map = new PageMap(proc, Environment.ProcessId);
        Span<PageMapEntry> entry = stackalloc PageMapEntry[1];
        return map.Read((ulong)untouched.Data, entry) == 1 ? entry[0].FrameNumber : 0;
    }

    private (long Own, long Swapped) Look(int pid, (ulong Start, ulong End) range, FrameSet seen, ContentSet? contents)
    {
        var (own, swapped) = (0L, 0L);
        using var map = new PageMap(proc, pid);
        using var memory = new ProcessMemory(proc, pid);
        Span<PageMapEntry> entries = stackalloc PageMapEntry[Window];
        for (var at = range.Start; at < range.End; at += Window * PageSize)
        {
            var got = Entries(map, at, range.End, entries);
            var runStart = -1;
            for (var index = 0; index <= got.Length; index++)
            {
                var isOwn = index < got.Length && got[index].IsPresent && got[index].FrameNumber != _zeroFrame.Value;
                own += isOwn ? 1 : 0;
                var isNew = isOwn && seen.Add(got[index].FrameNumber);
                swapped += index < got.Length && got[index].IsSwapped && !got[index].IsMarker ? 1 : 0;
                runStart = isNew && runStart < 0 ? index : runStart;
                if (!isNew && runStart >= 0)
                {
                    contents?.Read(memory, new PageRange(at + ((ulong)runStart * PageSize), (ulong)(index - runStart) * PageSize));
                    runStart = -1;
                }
            }
        }

        return (own, swapped);
    }

    private static Span<PageMapEntry> Entries(PageMap map, ulong at, ulong end, Span<PageMapEntry> room)
    {
        var wanted = (int)Math.Min(Window, (end - at) / PageSize);
        return room[..map.Read(at, room[..wanted])];
    }

    /// <summary>Frames by their numbers, a bit each.</summary>
    private sealed class FrameSet
    {
        private ulong[] _bits = new ulong[1 << 16];

        public long Count { get; private set; }

        public bool Add(ulong frame)
        {
            var word = frame / 64;
            if (word >= (ulong)_bits.Length)
            {
                Array.Resize(ref _bits, (int)Math.Max(word + 1, (ulong)_bits.Length * 2));
            }

            var bit = 1UL << (int)(frame % 64);
            if ((_bits[word] & bit) != 0)
            {
                return false;
            }

            _bits[word] |= bit;
            Count++;
            return true;
        }
    }

    /// <summary>Different contents, by their fingerprints.</summary>
    private sealed class ContentSet : IDisposable
    {
        private readonly HashSet<ulong> _seen = [];
        private readonly PageHasher _hasher = new();
        private readonly AnonymousMemory _buffer = new(Window * (long)PageSize, hugePages: false);

        public long Count => _seen.Count;

        /// <summary>What cannot be read any more counts as nothing.</summary>
        public void Read(ProcessMemory memory, PageRange range)
        {
            var pages = (int)(memory.ReadGently(range, _buffer.Data) / (long)PageSize);
            for (var page = 0; page < pages; page++)
            {
                // SAFETY: the buffer has room for a whole window, and a range is never longer.
                _seen.Add(_hasher.Fingerprint(_buffer.Data + (page * (long)PageSize)));
            }
        }

        public void Dispose()
        {
            _hasher.Dispose();
            _buffer.Dispose();
        }
    }
}
