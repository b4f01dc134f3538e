using Samepage.Linux;
using Samepage.Linux.Memory;
using Samepage.Linux.Proc;
using Samepage.Pages;
using Samepage.Targets;

namespace Samepage.Estimating;

/// <summary>
/// Compares every page that was counted as a duplicate with the first page of its content, byte by byte, in a pass of
/// its own. What differs is a fingerprint collision, or a page that has changed since.
/// </summary>
internal sealed unsafe class Verifier(ProcFs proc, IReadOnlyList<TargetProcess> targets, PageCounter counter)
    : IChunkVisitor, IDisposable
{
    private readonly Lock _lock = new();
    private readonly ProcessMemory?[] _memories = new ProcessMemory?[targets.Count];
    private readonly AnonymousMemory _first = new(AnonymousMemory.PageSize, hugePages: false);
    private long _compared;
    private long _different;

    /// <summary>The outcome.</summary>
    public VerificationResult Result => new(_compared, _different);

    /// <inheritdoc/>
    public void Begin(ScannedTarget target)
    {
        // Nothing to prepare.
    }

    /// <inheritdoc/>
    public int Select(ScanChunk chunk, ReadOnlySpan<PageMapEntry> entries, Span<ChunkPage> pages) =>
        FirstLook.SelectPresent(chunk, entries, pages);

    /// <inheritdoc/>
    public void Accept(ScanChunk chunk, ReadOnlySpan<ChunkPage> pages, ReadOnlySpan<ulong> fingerprints, byte* contents)
    {
        lock (_lock)
        {
            for (var i = 0; i < pages.Length; i++)
            {
                ref var entry = ref counter.Index.Find(fingerprints[i]);
                if (entry.IsUsed && entry.IsShared && !IsFirst(entry, chunk, pages[i].Index))
                {
                    Compare(entry, contents + (long)i * AnonymousMemory.PageSize);
                }
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _first.Dispose();
        Array.ForEach(_memories, memory => memory?.Dispose());
    }

    private bool IsFirst(ContentEntry entry, ScanChunk chunk, int page)
    {
        ref var where = ref counter.Chunks[entry.Chunk];
        return where.Target == chunk.Target.Number && where.Address == chunk.Address && entry.Page == page;
    }

    private void Compare(ContentEntry entry, byte* page)
    {
        ref var where = ref counter.Chunks[entry.Chunk];
        var memory = _memories[where.Target] ??= new ProcessMemory(proc, targets[where.Target].Pid);
        var range = new PageRange(
            where.Address + (ulong)entry.Page * AnonymousMemory.PageSize, AnonymousMemory.PageSize);
        _compared++;
        if (!TryRead(memory, range)
            || !new ReadOnlySpan<byte>(_first.Data, AnonymousMemory.PageSize).SequenceEqual(
                new ReadOnlySpan<byte>(page, AnonymousMemory.PageSize)))
        {
            _different++;
        }
    }

    private bool TryRead(ProcessMemory memory, PageRange range)
    {
        try
        {
            return memory.ReadGently(range, _first.Data) == AnonymousMemory.PageSize;
        }
        catch (LinuxException)
        {
            return false;
        }
    }
}
