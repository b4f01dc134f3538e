using System.Diagnostics;
using Samepage.Linux;
using Samepage.Linux.Memory;
using Samepage.Linux.Proc;

namespace Samepage.Merging.User.Engine;

/// <summary>
/// The way back: gives merged runs an anonymous mapping of their own again, because the program wants its memory
/// private, because pages that it wrote may merge anew (the kernel moves anonymous mappings only), or because a segment
/// is to be emptied.
/// </summary>
/// <remarks>
/// <para>Writers are held back by write protection while the run is copied. That alone would lose data: a device may
/// write into a page that was pinned for it before, past all protection. Therefore pages that the program wrote since
/// they were merged are tested first: a child is forked, and of the pages that a fork copies, the kernel shares with the
/// child all but the pinned ones, which show as still mapped once. A run with such a page stays as it is. Nobody can
/// pin a page for writing after the protection, as that needs a write fault, which waits. Pages not written since need
/// no test: what is mapped there is the segment's page, which nobody ever writes.</para>
/// <para>One thread: the engine's. The userfaultfd must be one without fork events, or the fork would wait for
/// ourselves.</para>
/// </remarks>
internal sealed unsafe class ReturnWindow : IDisposable
{
    /// <summary>Pages that are held back at once, at most.</summary>
    public const int PagesMax = 8 * MemberRegion.ChunkPages;

    /// <summary>Runs that are held back at once, at most.</summary>
    public const int PiecesMax = 1024;

    private const ulong PageBytes = MemberRegion.PageBytes;

    /// <summary>PROT_READ | PROT_WRITE.</summary>
    private const int ReadAndWrite = 3;

    private readonly Userfault _fault;
    private readonly DescriptorTable _descriptors;
    private readonly GateCalls* _calls;
    private readonly GateLock _gate;
    private readonly EngineCounters _counters;
    private readonly PageMap _pageMap = new(new ProcFs(), Environment.ProcessId);
    private readonly RealTimeTurn _turn = new();
    private readonly MappingQuery _query = new();
    private readonly List<Mapping> _mappings = [];
    private readonly ProcessMemory _memory = new(new ProcFs(), Environment.ProcessId);
    private readonly bool[] _isProtected = new bool[PiecesMax];
    private readonly PageMapEntry[] _entries = new PageMapEntry[PagesMax];
    private readonly int _scratch;
    private readonly byte* _copy;

    /// <summary>Maps what it copies through.</summary>
    /// <exception cref="LinuxException">No descriptor or memory is left for it.</exception>
    public ReturnWindow(Userfault fault, GateCalls* calls, GateLock gate, EngineCounters counters, DescriptorTable descriptors)
    {
        _calls = calls;
        (_fault, _gate, _counters, _descriptors) = (fault, gate, counters, descriptors);
        _scratch = SealedMemory.Create("samepage-scratch");
        descriptors.Add(_scratch);
        var zero = stackalloc byte[1];
        _ = FileHandle.WriteFrom(_scratch, (ulong)zero, 1, PageBytes - 1);
        _copy = RawMemory.MapWritable(_scratch, PageBytes);
        if (_copy is null)
        {
            throw new LinuxException("mmap", Errno.ENOMEM, "scratch file");
        }
    }

    /// <summary>
    /// How long the last test for pins took: a fork, which copies every mapping of the process. Accesses to what is being
    /// returned wait so long at least.
    /// </summary>
    public TimeSpan LastProbe { get; private set; }

    /// <summary>Returns runs, together at most <see cref="PagesMax"/> pages.</summary>
    /// <param name="pieces">Runs, or parts of such.</param>
    /// <param name="shelf">Where their segments are.</param>
    /// <param name="returned">Filled in: which are anonymous now.</param>
    /// <returns>False where the mappings had changed, and nothing was done.</returns>
    public bool Return(ReadOnlySpan<ReturnPiece> pieces, Shelf shelf, Span<bool> returned)
    {
        returned.Clear();
        _gate.Hold();
        foreach (ref readonly var piece in pieces)
        {
            if (!_gate.IsUnchanged(piece.Chunk))
            {
                _gate.Release();
                return false;
            }
        }

        ReadMappings(pieces);
        _turn.Begin();
        var begin = Stopwatch.GetTimestamp();
        Protect(pieces);
        Examine(pieces);
        var offset = 0;
        for (var i = 0; i < pieces.Length; i++)
        {
            // What could not be protected could be written while it is copied: it stays.
            returned[i] = _isProtected[i] && Replace(pieces[i], shelf, _entries.AsSpan(offset, pieces[i].Pages));
            offset += pieces[i].Pages;
        }

        foreach (ref readonly var piece in pieces)
        {
            // For a piece that stays this takes the protection off; for one that was replaced it only wakes.
            _ = _fault.Unregister(piece.Address, piece.Bytes);
            _ = _fault.Wake(piece.Address, piece.Bytes);
            WithholdAgain(piece);
        }

        _counters.NoteWindow(Stopwatch.GetElapsedTime(begin));
        _turn.End();
        _gate.Release();
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _pageMap.Dispose();
        _query.Dispose();
        _memory.Dispose();
        _ = RawMemory.Unmap(_copy, PageBytes);
        _descriptors.Remove(_scratch);
        DescriptorTable.Close(_scratch);
    }

    /// <summary>The test for pins has left the piece to a fork; where the program does not want that, no longer.</summary>
    private void WithholdAgain(in ReturnPiece piece)
    {
        if (!piece.Chunk.HasMixedMarks)
        {
            if ((MarksOf(piece.Chunk) & MappingMarks.WithheldFromFork) != 0)
            {
                _ = RawMemory.WithholdFromFork(piece.Address, piece.Bytes);
            }

            return;
        }

        foreach (var mapping in _mappings)
        {
            var (from, to) = (Math.Max(mapping.Start, piece.Address), Math.Min(mapping.End, piece.Address + piece.Bytes));
            if (from < to && (mapping.Marks & MappingMarks.WithheldFromFork) != 0)
            {
                _ = RawMemory.WithholdFromFork(from, to - from);
            }
        }
    }

    private void Protect(ReadOnlySpan<ReturnPiece> pieces)
    {
        for (var i = 0; i < pieces.Length; i++)
        {
            _isProtected[i] = _fault.Register(pieces[i].Address, pieces[i].Bytes, UserfaultModes.WriteProtect) == Errno.None
                && _fault.WriteProtect(pieces[i].Address, pieces[i].Bytes, isProtected: true) == Errno.None;
        }
    }

    /// <summary>Reads what each page is; where some were written since they were merged, tests them for pins.</summary>
    private void Examine(ReadOnlySpan<ReturnPiece> pieces)
    {
        if (!ReadEntries(pieces))
        {
            return;
        }

        for (var i = 0; i < pieces.Length; i++)
        {
            if (_isProtected[i])
            {
                _ = RawMemory.LeaveToFork(pieces[i].Address, pieces[i].Bytes);
            }
        }

        var begin = Stopwatch.GetTimestamp();
        var child = _calls->ForkProbeBegin();
        LastProbe = Stopwatch.GetElapsedTime(begin);
        if (child > 0)
        {
            _ = ReadEntries(pieces);
            _calls->ForkProbeEnd(child);
        }

        // Without a child every page that was written shows as mapped once, and its run stays: the safe side.
    }

    private bool ReadEntries(ReadOnlySpan<ReturnPiece> pieces)
    {
        var offset = 0;
        var anyOwn = false;
        for (var i = 0; i < pieces.Length; i++)
        {
            var entries = _entries.AsSpan(offset, pieces[i].Pages);
            _ = _pageMap.Read(pieces[i].Address, entries);
            foreach (ref readonly var entry in entries)
            {
                // A run that could not be protected stays, whatever is in it.
                anyOwn |= _isProtected[i] && IsOwn(entry);
            }

            offset += pieces[i].Pages;
        }

        return anyOwn;
    }

    private static bool IsOwn(PageMapEntry entry) => entry.IsPresent ? !entry.IsFileOrShared : entry.IsSwapped && !entry.IsMarker;

    private bool Replace(in ReturnPiece piece, Shelf shelf, ReadOnlySpan<PageMapEntry> entries)
    {
        foreach (ref readonly var entry in entries)
        {
            if (entry.IsPresent && !entry.IsFileOrShared && entry.IsExclusive)
            {
                return false;
            }
        }

        var stable = shelf.At(piece.Run.Segment).Data + piece.Run.Slot * (long)PageBytes;
        if (!piece.Chunk.HasOddRuns && !piece.Chunk.HasMixedMarks)
        {
            return Replace(MarksOf(piece.Chunk), piece.Address, stable, entries, ReadAndWrite);
        }

        // The program has said something of a part only: mapping by mapping, each with its own rights and marks.
        for (var page = 0; page < entries.Length;)
        {
            var address = piece.Address + (ulong)page * PageBytes;
            if (!_query.TryFind(address, out var end, out var protection))
            {
                return false;
            }

            var pages = (int)Math.Min((end - address) / PageBytes, (ulong)(entries.Length - page));
            var at = _mappings.FindIndex(mapping => mapping.Start <= address && address < mapping.End);
            var marks = at < 0 ? MarksOf(piece.Chunk) : _mappings[at].Marks;
            if (!Replace(marks, address, stable + page * (long)PageBytes, entries.Slice(page, pages), protection))
            {
                return false;
            }

            page += pages;
        }

        return true;
    }

    /// <summary>Where marks differ within a chunk, what each mapping has; before anything is held back, as it takes long.</summary>
    private void ReadMappings(ReadOnlySpan<ReturnPiece> pieces)
    {
        _mappings.Clear();
        var isNeeded = false;
        foreach (ref readonly var piece in pieces)
        {
            isNeeded |= piece.Chunk.HasMixedMarks;
        }

        if (!isNeeded)
        {
            return;
        }

        using var walker = new MappingWalker(RegionCatalog.SegmentPath);
        while (walker.Next(out var mapping))
        {
            if (mapping.IsOfSegment)
            {
                _mappings.Add(mapping);
            }
        }
    }

    private static MappingMarks MarksOf(Chunk chunk) =>
        (chunk.RunMarks ?? chunk.Marks) | (chunk.Marks & (MappingMarks.NoReserve | MappingMarks.NoHugePages));

    private bool Replace(MappingMarks marks, ulong address, byte* stable, ReadOnlySpan<PageMapEntry> entries, int protection)
    {
        var bytes = (ulong)entries.Length * PageBytes;
        var fresh = RawMemory.MapAnonymous(bytes, (marks & MappingMarks.NoReserve) != 0);
        if (fresh is null)
        {
            return false;
        }

        KeepMarks(marks, (ulong)fresh, bytes);
        if (Fill(fresh, address, stable, entries, protection == ReadAndWrite)
            && (protection == ReadAndWrite || RawMemory.Protect(fresh, bytes, protection) == Errno.None)
            && ((marks & MappingMarks.Locked) == 0 || RawMemory.Lock((ulong)fresh, bytes) == Errno.None)
            && RawMemory.MoveOver(address, fresh, bytes) == Errno.None)
        {
            return true;
        }

        _ = RawMemory.Unmap(fresh, bytes);
        return false;
    }

    private static void KeepMarks(MappingMarks marks, ulong address, ulong bytes)
    {
        _ = RawMemory.ForbidHugePages(address, bytes);
        if ((marks & MappingMarks.WithheldFromFork) != 0)
        {
            _ = RawMemory.WithholdFromFork(address, bytes);
        }

        if ((marks & MappingMarks.WithheldFromDump) != 0)
        {
            _ = RawMemory.WithholdFromDump(address, bytes);
        }
    }

    private bool Fill(byte* fresh, ulong address, byte* stable, ReadOnlySpan<PageMapEntry> entries, bool isReadable)
    {
        for (var page = 0; page < entries.Length; page++)
        {
            var source = stable + page * (long)PageBytes;
            if (IsOwn(entries[page]))
            {
                // A copy by way of the kernel: reading an address that is gone ends the copy, not the process. Where the
                // program itself may not read, /proc/self/mem does.
                var at = address + (ulong)page * PageBytes;
                var copied = isReadable
                    ? FileHandle.WriteFrom(_scratch, at, PageBytes, 0)
                    : _memory.ReadGently(new PageRange(at, PageBytes), _copy);
                if (copied != (long)PageBytes)
                {
                    return false;
                }

                source = _copy;
            }

            // SAFETY: both are whole pages of mappings that this thread alone knows, or of a sealed segment.
            new ReadOnlySpan<byte>(source, (int)PageBytes).CopyTo(new Span<byte>(fresh + page * (long)PageBytes, (int)PageBytes));
        }

        return true;
    }
}

/// <summary>A run, or part of one, that is to be returned.</summary>
/// <param name="Chunk">Its chunk.</param>
/// <param name="Run">Its pages.</param>
internal readonly record struct ReturnPiece(Chunk Chunk, MergedRun Run)
{
    /// <summary>First address.</summary>
    public ulong Address => Chunk.Base + Run.First * MemberRegion.PageBytes;

    /// <summary>Length in pages.</summary>
    public int Pages => Run.Count;

    /// <summary>Length in bytes.</summary>
    public ulong Bytes => Run.Count * MemberRegion.PageBytes;
}
