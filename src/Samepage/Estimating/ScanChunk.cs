using System.Numerics;
using Samepage.Linux.Memory;

namespace Samepage.Estimating;

/// <summary>
/// One 2 MiB window of one mapping in one target, with the pages present in it: the unit of work that a worker takes.
/// Each worker owns one and has it refilled.
/// </summary>
internal sealed class ScanChunk
{
    /// <summary>Pages in a window.</summary>
    public const int PageCount = 512;

    /// <summary>Bytes in a window.</summary>
    public const ulong Bytes = PageCount * AnonymousMemory.PageSize;

    private readonly ulong[] _present = new ulong[PageCount / 64];
    private readonly ulong[] _zeroFrame = new ulong[PageCount / 64];

    /// <summary>The target it belongs to.</summary>
    public ScannedTarget Target { get; private set; } = null!;

    /// <summary>The window's address, a multiple of its size.</summary>
    public ulong Address { get; private set; }

    /// <summary>A number that the visitor gives it; set by the visitor.</summary>
    public int Number { get; set; }

    /// <summary>One huge page backs the window.</summary>
    public bool IsHuge { get; private set; }

    /// <summary>For the first of two looks: the pages that its counter wants, as many as <see cref="Counted"/>.</summary>
    public ChunkPage[] PagesToCount { get; } = new ChunkPage[PageCount];

    /// <summary>How many they are.</summary>
    public int Counted { get; set; }

    /// <summary>The mapping may be read by the process itself.</summary>
    public bool IsReadable { get; private set; }

    /// <summary>The kernel has merged pages of the mapping, or does not tell.</summary>
    public bool MayBeMerged { get; private set; }

    /// <summary>First and last present page.</summary>
    public (int First, int Last) Span { get; private set; }

    /// <summary>Starts a new window without pages.</summary>
    public void Reset(ScannedTarget target, ulong address, bool isReadable, bool mayBeMerged = false)
    {
        Target = target;
        Address = address;
        IsReadable = isReadable;
        MayBeMerged = mayBeMerged;
        IsHuge = false;
        Span = (PageCount, -1);
        Array.Clear(_present);
        Array.Clear(_zeroFrame);
    }

    /// <summary>Adds a run, of which the window holds the part from <paramref name="start"/> to <paramref name="end"/>.</summary>
    public void Add(PresentRun run, ulong start, ulong end)
    {
        var first = (int)((start - Address) / AnonymousMemory.PageSize);
        var last = (int)((end - Address) / AnonymousMemory.PageSize) - 1;
        SetBits(_present, first, last);
        if (run.IsZeroFrame)
        {
            SetBits(_zeroFrame, first, last);
        }

        IsHuge |= run.IsHuge && !run.IsZeroFrame && end - start == Bytes;
        Span = (Math.Min(Span.First, first), Math.Max(Span.Last, last));
    }

    /// <summary>Whether the kernel's zero page stands behind a page.</summary>
    public bool IsZeroFrame(int page) => (_zeroFrame[page >> 6] >> (page & 63) & 1) != 0;

    /// <summary>The first present page from a page on, or -1.</summary>
    public int NextPresent(int page)
    {
        for (var word = page >> 6; word < _present.Length; word++, page = word << 6)
        {
            var rest = _present[word] >> (page & 63);
            if (rest != 0)
            {
                return page + BitOperations.TrailingZeroCount(rest);
            }
        }

        return -1;
    }

    private static void SetBits(ulong[] words, int first, int last)
    {
        for (var word = first >> 6; word <= last >> 6; word++)
        {
            var from = Math.Max(first - (word << 6), 0);
            var to = Math.Min(last - (word << 6), 63);
            words[word] |= (to == 63 ? ~0UL : (1UL << (to + 1)) - 1) & ~0UL << from;
        }
    }
}
