using Samepage.Linux;
using Samepage.Linux.Memory;
using Samepage.Pages;

namespace Samepage.Estimating;

/// <summary>
/// Reads and fingerprints the pages of one chunk after the other, into a buffer that stays in the second-level cache.
/// This is the hot path: nothing in it allocates on the managed heap. One worker belongs to one thread.
/// </summary>
internal sealed unsafe class ScanWorker : IDisposable
{
    /// <summary>
    /// Pages copied by one call. Fewer pay the fixed cost of process_vm_readv too often, more fall out of a 1 MiB
    /// second-level cache before they are fingerprinted.
    /// </summary>
    private const int BatchPages = 256;

    private readonly PageHasher _hasher;
    private readonly IChunkVisitor _visitor;
    private readonly ScanChunk _chunk = new();
    private readonly AnonymousMemory _buffer = new(BatchPages * AnonymousMemory.PageSize, hugePages: true);
    private readonly PageMapEntry[] _entries = new PageMapEntry[ScanChunk.PageCount];
    private readonly ChunkPage[] _pages = new ChunkPage[ScanChunk.PageCount];
    private readonly PageRange[] _ranges = new PageRange[BatchPages];
    private readonly ulong[] _fingerprints = new ulong[BatchPages];
    private long _pagesRead;
    private long _pagesSeen;

    /// <summary>Prepares a worker.</summary>
    public ScanWorker(PageHasher hasher, IChunkVisitor visitor)
    {
        _hasher = hasher;
        _visitor = visitor;
    }

    /// <summary>Pages copied so far. May be read by other threads.</summary>
    public long PagesRead => Volatile.Read(ref _pagesRead);

    /// <summary>Present pages come by so far, copied or not. May be read by other threads.</summary>
    public long PagesSeen => Volatile.Read(ref _pagesSeen);

    /// <summary>Works until the queue is empty.</summary>
    public void Run(ChunkQueue queue)
    {
        while (queue.TryTake(_chunk))
        {
            try
            {
                Visit();
            }
            catch (LinuxException error)
            {
                // Another worker may write its own note at the same time; either will do.
                _chunk.Target.Note ??= error.IsGone ? "it ended while it was looked at" : error.Message;
            }
            finally
            {
                queue.Complete();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();

    private void Visit()
    {
        var (first, last) = _chunk.Span;
        var address = _chunk.Address + (ulong)first * AnonymousMemory.PageSize;
        var got = _chunk.Target.PageMap.Read(address, _entries.AsSpan(0, last - first + 1));
        var wanted = _visitor.Select(_chunk, _entries.AsSpan(0, got), _pages);
        for (var done = 0; done < wanted;)
        {
            done += ReadBatch(NextBatch(_pages.AsSpan(done, wanted - done)));
        }

        Volatile.Write(ref _pagesSeen, _pagesSeen + got);
    }

    /// <summary>The longest beginning of some pages that one way of reading serves.</summary>
    private ReadOnlySpan<ChunkPage> NextBatch(ReadOnlySpan<ChunkPage> pages)
    {
        var count = 1;
        var gently = NeedsGentleRead(pages[0]);
        while (count < Math.Min(BatchPages, pages.Length) && NeedsGentleRead(pages[count]) == gently)
        {
            count++;
        }

        return pages[..count];
    }

    /// <summary>
    /// process_vm_readv pins pages, and the kernel gives a process a copy of its own of an anonymous page that it shares
    /// before anybody may pin it: the mere look would undo forks' sharing and ksmd's merges. /proc/PID/mem only takes a
    /// reference. It is slower, and reads mappings without read permission as well.
    /// </summary>
    private bool NeedsGentleRead(ChunkPage page) => !_chunk.IsReadable || page.Frame != FrameKnowledge.Exclusive;

    /// <summary>Reads and hands on the longest readable beginning of a batch.</summary>
    /// <returns>Pages dealt with, an unreadable one behind them included.</returns>
    private int ReadBatch(ReadOnlySpan<ChunkPage> pages)
    {
        var ranges = MakeRanges(pages);
        var memory = _chunk.Target.Memory;

        // The gentle way takes one range at a time: what follows the first is read next time.
        var gently = NeedsGentleRead(pages[0]);
        var asked = gently ? (int)(_ranges[0].Bytes / AnonymousMemory.PageSize) : pages.Length;
        var bytes = gently
            ? memory.ReadGently(_ranges[0], _buffer.Data)
            : memory.Read(_ranges.AsSpan(0, ranges), _buffer.Data);
        var read = (int)(bytes / AnonymousMemory.PageSize);
        if (read > 0)
        {
            _hasher.Fingerprint(_buffer.Data, _fingerprints.AsSpan(0, read));
            _visitor.Accept(_chunk, pages[..read], _fingerprints.AsSpan(0, read), _buffer.Data);
            Volatile.Write(ref _pagesRead, _pagesRead + read);
        }

        return read == asked ? read : read + 1;
    }

    private int MakeRanges(ReadOnlySpan<ChunkPage> pages)
    {
        var count = 0;
        var expected = -1;
        foreach (var page in pages)
        {
            if (page.Index == expected)
            {
                _ranges[count - 1] = _ranges[count - 1] with { Bytes = _ranges[count - 1].Bytes + AnonymousMemory.PageSize };
            }
            else
            {
                _ranges[count++] = new PageRange(
                    _chunk.Address + (ulong)page.Index * AnonymousMemory.PageSize, AnonymousMemory.PageSize);
            }

            expected = page.Index + 1;
        }

        return count;
    }
}
