using System.Runtime.InteropServices;
using Samepage.Linux;
using Samepage.Linux.Memory;
using Samepage.Linux.Proc;

namespace Samepage.Merging.User.Engine;

/// <summary>
/// A range under advice, as the engine sees it: what is known of each page (8 bytes) and of each chunk of 512. One
/// thread: the engine's.
/// </summary>
internal sealed unsafe class MemberRegion : IDisposable
{
    /// <summary>Pages in a chunk: 2 MiB, what one window holds at most and what the kernel makes a huge page of.</summary>
    public const int ChunkPages = 512;

    /// <summary>Bytes in a chunk.</summary>
    public const ulong ChunkBytes = ChunkPages * PageBytes;

    /// <summary>Bytes in a page.</summary>
    public const ulong PageBytes = AnonymousMemory.PageSize;

    private readonly ulong _firstChunk;
    private readonly byte* _memory;
    private readonly ulong _bytes;

    /// <summary>Nothing is known of it yet.</summary>
    public MemberRegion(ulong start, ulong end)
    {
        Start = start;
        End = end;
        _firstChunk = start / ChunkBytes;
        Chunks = new Chunk[(end + ChunkBytes - 1) / ChunkBytes - _firstChunk];
        for (var i = 0; i < Chunks.Length; i++)
        {
            var chunk = (_firstChunk + (ulong)i) * ChunkBytes;
            Chunks[i] = new Chunk { Region = this, Base = chunk, Start = Math.Max(start, chunk) };
        }

        _bytes = (ulong)Chunks.Length * ChunkPages * sizeof(ulong);
        _memory = RawMemory.MapAnonymous(_bytes, noReserve: true);
        if (_memory is null)
        {
            throw new LinuxException("mmap", Errno.ENOMEM, "fingerprints of a range");
        }

        _ = RawMemory.WithholdFromFork((ulong)_memory, _bytes);
        _ = RawMemory.ForbidHugePages((ulong)_memory, _bytes);
    }

    /// <summary>First address.</summary>
    public ulong Start { get; }

    /// <summary>Address behind the last.</summary>
    public ulong End { get; }

    /// <summary>What held for all of it when its mappings were read: bits of <see cref="GateStanding"/>.</summary>
    public uint Standing { get; set; }

    /// <summary>The gate's count for this range when its mappings were read.</summary>
    public uint Changes { get; set; }

    /// <summary>All of it, in ascending order.</summary>
    public Chunk[] Chunks { get; }

    /// <summary>Bytes that the table of fingerprints takes: a page for each chunk of which one is known.</summary>
    public ulong TableBytes { get; private set; }

    /// <summary>
    /// The fingerprints of a chunk's pages, by their place in the 2 MiB; 0 where nothing is known: never looked at,
    /// merged, zero or not there.
    /// </summary>
    public Span<ulong> Fingerprints(Chunk chunk)
    {
        // SAFETY: the table has ChunkPages entries for each chunk of this region.
        return new Span<ulong>((ulong*)_memory + (chunk.Base / ChunkBytes - _firstChunk) * ChunkPages, ChunkPages);
    }

    /// <summary>Notes what a look has found in a chunk. The table's frames are taken only where there is something to note.</summary>
    public void Note(Chunk chunk, ReadOnlySpan<ulong> fresh, int found)
    {
        if (found > 0 || chunk.KnownPages > 0)
        {
            fresh.CopyTo(Take(chunk));
        }
    }

    /// <summary>What was known of the same addresses in another region.</summary>
    public void Inherit(Chunk chunk, Chunk before, int first, int end)
    {
        if (before.IsNoted)
        {
            before.Region.Fingerprints(before)[first..end].CopyTo(Take(chunk)[first..end]);
        }
    }

    /// <summary>Gives the frame of a chunk's part of the table back once no fingerprint is known any more.</summary>
    public void Trim(Chunk chunk)
    {
        if (chunk is { IsNoted: true, KnownPages: 0 })
        {
            TableBytes -= ChunkPages * sizeof(ulong);
            chunk.IsNoted = false;
            fixed (ulong* table = Fingerprints(chunk))
            {
                _ = RawMemory.Discard((ulong)table, ChunkPages * sizeof(ulong));
            }
        }
    }

    private Span<ulong> Take(Chunk chunk)
    {
        TableBytes += chunk.IsNoted ? 0UL : ChunkPages * sizeof(ulong);
        chunk.IsNoted = true;
        return Fingerprints(chunk);
    }

    /// <summary>The chunk whose 2 MiB an address lies in; null where it is none of this range's.</summary>
    public Chunk? ChunkAt(ulong address)
    {
        var index = (long)(address / ChunkBytes) - (long)_firstChunk;
        return index >= 0 && index < Chunks.Length ? Chunks[index] : null;
    }

    /// <inheritdoc/>
    public void Dispose() => _ = RawMemory.Unmap(_memory, _bytes);
}

/// <summary>Up to 512 pages that are looked at, and merged, together.</summary>
internal sealed class Chunk
{
    private ulong[]? _steady;

    /// <summary>Where it belongs.</summary>
    public required MemberRegion Region { get; init; }

    /// <summary>First address within the range.</summary>
    public required ulong Start { get; set; }

    /// <summary>Address behind the last.</summary>
    public ulong End { get; set; }

    /// <summary>What the mappings in it allow; <see cref="IsEligible"/> false where they are not private data.</summary>
    public MappingMarks Marks { get; set; }

    /// <summary>Whether there is memory in it that may be merged; <see cref="Start"/> and <see cref="End"/> bound it.</summary>
    public bool IsEligible { get; set; }

    /// <summary>Whether runs in it have other rights than reading and writing.</summary>
    public bool HasOddRuns { get; set; }

    /// <summary>What the program has said of the runs in it; null where there was none when the mappings were read.</summary>
    public MappingMarks? RunMarks { get; set; }

    /// <summary>Runs were added, with the marks that hold for the chunk now.</summary>
    public void NoteRunMarks()
    {
        var marks = Marks & (MappingMarks.WithheldFromFork | MappingMarks.WithheldFromDump);
        HasMixedMarks |= RunMarks is { } others && others != marks;
        RunMarks ??= marks;
    }

    /// <summary>Whether it has said different things of different runs.</summary>
    public bool HasMixedMarks { get; set; }

    /// <summary>What is mapped from segments here, in ascending order; null for nothing.</summary>
    public List<MergedRun>? Runs { get; set; }

    /// <summary>Whether pages could not be merged that may be next time: refused, changed meanwhile, or the window was not opened.</summary>
    public bool IsUnfinished { get; set; }

    /// <summary>The address of a page, by its place in the 2 MiB.</summary>
    public ulong AddressOf(int page) => Base + ((ulong)page * MemberRegion.PageBytes);

    /// <summary>The place of an address: 0 where it lies before, the number of pages where it lies behind.</summary>
    public int PageOf(ulong address) =>
        address <= Base ? 0 : (int)Math.Min((address - Base) / MemberRegion.PageBytes, MemberRegion.ChunkPages);

    /// <summary>Whether others were writing contents of it into a segment when the keeper was asked last.</summary>
    public bool IsWaiting { get; set; }

    /// <summary>Looks in a row that found nothing changed.</summary>
    public byte Quiet { get; set; }

    /// <summary>Looks in a row that found much changed, or windows that merged little.</summary>
    public byte Restless { get; set; }

    /// <summary>When to look again, on the engine's clock of milliseconds.</summary>
    public long NextLook { get; set; }

    /// <summary>The pass in which it was looked at last.</summary>
    public uint LastPass { get; set; }

    /// <summary>Whether its part of the table of fingerprints has a frame.</summary>
    public bool IsNoted { get; set; }

    /// <summary>Pages with a fingerprint, at the last look.</summary>
    public ushort KnownPages { get; set; }

    /// <summary>Pages of runs that could be mapped from elsewhere, at the last look or answer.</summary>
    public ushort RenewablePages { get; set; }

    /// <summary>Whether a page of a run was found written, with the same bytes, at the last two looks.</summary>
    public bool IsSteady(int page) => _steady is not null && (_steady[page / 64] >> (page % 64) & 1) != 0;

    /// <summary>Notes at a look that found nothing changed: whatever is known to be written may find a new place.</summary>
    public void NoteSteady()
    {
        var known = Region.Fingerprints(this);
        NoteSteady(known, known);
        RenewablePages = 0;
        foreach (var run in (ReadOnlySpan<MergedRun>)CollectionsMarshal.AsSpan(Runs))
        {
            RenewablePages += run.Broken;
        }
    }

    /// <summary>Notes at a look which pages of runs were written before the look before, and not since.</summary>
    public void NoteSteady(ReadOnlySpan<ulong> known, ReadOnlySpan<ulong> fresh)
    {
        _steady?.AsSpan().Clear();
        foreach (var run in (ReadOnlySpan<MergedRun>)CollectionsMarshal.AsSpan(Runs))
        {
            for (var page = run.Broken > 0 ? (int)run.First : run.End; page < run.End; page++)
            {
                if (fresh[page] != 0 && fresh[page] == known[page])
                {
                    (_steady ??= new ulong[MemberRegion.ChunkPages / 64])[page / 64] |= 1UL << (page % 64);
                }
            }
        }
    }

    /// <summary>Base address of the 2 MiB.</summary>
    public required ulong Base { get; init; }
}

/// <summary>Consecutive pages mapped from consecutive slots of a segment.</summary>
/// <param name="First">Place of the first in the 2 MiB of its chunk.</param>
/// <param name="Count">Pages.</param>
/// <param name="Segment">The segment's place on the shelf.</param>
/// <param name="Slot">The slot of the first.</param>
/// <param name="Broken">Pages of it that were found written, at the last look.</param>
internal readonly record struct MergedRun(ushort First, ushort Count, uint Segment, uint Slot, ushort Broken = 0)
{
    /// <summary>Place behind the last.</summary>
    public int End => First + Count;
}
