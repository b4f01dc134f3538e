using Samepage.Linux.Memory;

namespace Samepage.Estimating;

/// <summary>
/// Remembers 32 bits of the fingerprint of every page, so that a second look can tell which pages changed. Costs 4
/// bytes a page while the estimate runs. A changed page escapes with a probability of 2^-31.
/// </summary>
/// <remarks>
/// It counts, too, so that there is a result where the second look is never made: some 20 ns a page and an index of its
/// own, which is given back before the second look begins. It reads every page, also those on frames that the counter
/// need not see twice: which of two pages on one frame is read may differ between the looks.
/// </remarks>
/// <param name="counter">Counts what this look sees. Not owned.</param>
internal sealed unsafe class FirstLook(PageCounter counter) : IChunkVisitor, IDisposable
{
    private const int BlockChunks = 512;
    private const int ChunkBytes = ScanChunk.PageCount * sizeof(uint);
    private readonly Lock _lock = new();
    private readonly Dictionary<(int Target, ulong Address), int> _chunks = [];
    private readonly List<AnonymousMemory> _blocks = [];

    /// <inheritdoc/>
    public void Begin(ScannedTarget target) => counter.Begin(target);

    /// <inheritdoc/>
    public int Select(ScanChunk chunk, ReadOnlySpan<PageMapEntry> entries, Span<ChunkPage> pages)
    {
        chunk.Counted = counter.Select(chunk, entries, chunk.PagesToCount);
        return SelectPresent(chunk, entries, pages);
    }

    /// <summary>All anonymous pages that a frame of their own stands behind.</summary>
    public static int SelectPresent(ScanChunk chunk, ReadOnlySpan<PageMapEntry> entries, Span<ChunkPage> pages)
    {
        var count = 0;
        for (var page = chunk.NextPresent(0); page >= 0; page = page + 1 < ScanChunk.PageCount ? chunk.NextPresent(page + 1) : -1)
        {
            var at = page - chunk.Span.First;
            if (at < entries.Length && entries[at].IsPresent && !entries[at].IsFileOrShared && !chunk.IsZeroFrame(page))
            {
                var frame = entries[at].IsExclusive ? FrameKnowledge.Exclusive : FrameKnowledge.New;
                pages[count++] = new ChunkPage(page, frame, 0);
            }
        }

        return count;
    }

    /// <inheritdoc/>
    public void Accept(ScanChunk chunk, ReadOnlySpan<ChunkPage> pages, ReadOnlySpan<ulong> fingerprints, byte* contents)
    {
        var marks = Marks(chunk, create: true);
        for (var i = 0; i < pages.Length; i++)
        {
            marks[pages[i].Index] = Mark(fingerprints[i]);
        }

        Count(chunk, pages, fingerprints, contents);
    }

    /// <summary>Hands the counter those of the pages that it wants. Both lists ascend; pages may have vanished.</summary>
    private void Count(ScanChunk chunk, ReadOnlySpan<ChunkPage> pages, ReadOnlySpan<ulong> fingerprints, byte* contents)
    {
        Span<ulong> wanted = stackalloc ulong[pages.Length];
        var toCount = chunk.PagesToCount.AsSpan(0, chunk.Counted);
        var (found, next) = (0, 0);
        for (var i = 0; i < pages.Length; i++)
        {
            while (next < toCount.Length && toCount[next].Index < pages[i].Index)
            {
                next++;
            }

            if (next < toCount.Length && toCount[next].Index == pages[i].Index)
            {
                // Moved up to the front: what stood there is dealt with.
                wanted[found] = fingerprints[i];
                toCount[found++] = toCount[next++];
            }
        }

        counter.Accept(chunk, toCount[..found], wanted[..found], contents);
    }

    /// <summary>What is remembered of a chunk, or null where it was not there. Called when the first look is over.</summary>
    public uint* Find(ScanChunk chunk) => Marks(chunk, create: false);

    /// <summary>Whether a page held the same content at the first look.</summary>
    public static bool IsUnchanged(uint* marks, int page, ulong fingerprint) =>
        marks != null && marks[page] == Mark(fingerprint);

    /// <inheritdoc/>
    public void Dispose() => _blocks.ForEach(block => block.Dispose());

    /// <summary>Zero stands for "not seen", so the lowest bit is always set.</summary>
    private static uint Mark(ulong fingerprint) => (uint)(fingerprint >> 32) | 1;

    /// <summary>The marks of a chunk; two mappings may lie in one window and share them.</summary>
    private uint* Marks(ScanChunk chunk, bool create)
    {
        lock (_lock)
        {
            var key = (chunk.Target.Number, chunk.Address);
            if (!_chunks.TryGetValue(key, out var number))
            {
                if (!create)
                {
                    return null;
                }

                number = _chunks.Count;
                _chunks.Add(key, number);
                if (number % BlockChunks == 0)
                {
                    _blocks.Add(new AnonymousMemory(BlockChunks * ChunkBytes, hugePages: false));
                }
            }

            // SAFETY: blocks are never moved, and each chunk number has its own part of one.
            return (uint*)(_blocks[number / BlockChunks].Data + (long)(number % BlockChunks) * ChunkBytes);
        }
    }
}
