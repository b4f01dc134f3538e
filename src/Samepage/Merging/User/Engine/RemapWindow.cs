using Samepage.Linux;
using Samepage.Linux.Memory;
using Samepage.Linux.Proc;

namespace Samepage.Merging.User.Engine;

/// <summary>
/// The other place where memory of the program is replaced: pages of merged runs, which the kernel does not move. Such
/// a page gets an anonymous mapping of its own again, because the program wants that or a segment is to be emptied; or
/// it was written since, equals a stable page anew, and is mapped from there.
/// </summary>
/// <remarks>
/// Why no byte can be wrong: from the protection on nobody can write into a piece, neither a thread (<see
/// cref="WriteHold"/> holds it back) nor a device (pages that may be pinned stay). What is then copied, or compared with
/// all 4096 bytes of a stable page, is what the program reads until the mapping is replaced in one step, and what it
/// finds afterwards. One thread: the engine's.
/// </remarks>
internal sealed unsafe class RemapWindow(WriteHold hold, Shelf shelf) : IDisposable
{
    private const ulong PageBytes = MemberRegion.PageBytes;

    /// <summary>PROT_READ | PROT_WRITE.</summary>
    private const int ReadAndWrite = 3;

    private readonly MappingQuery _query = new();
    private readonly HeldCopy _copy = new();
    private readonly AnonymousMemory _zeros = new(AnonymousMemory.PageSize, hugePages: false);

    /// <summary>How long the last test for pins took; null where none was needed.</summary>
    public TimeSpan? LastProbe => hold.LastProbe;

    /// <summary>Replaces pieces, together at most <see cref="WriteHold.PagesMax"/> pages.</summary>
    /// <param name="pieces">Those of one run one after the other.</param>
    /// <param name="replaced">Filled in, page by page and piece after piece: what is mapped from its target now.</param>
    /// <param name="patience">After so long, the test for pins not counted, the remaining pieces stay as they are.</param>
    /// <returns>False where the mappings had changed, and nothing was done.</returns>
    public bool Replace(ReadOnlySpan<RunPiece> pieces, Span<bool> replaced, TimeSpan patience)
    {
        replaced.Clear();
        if (!hold.Begin(pieces))
        {
            return false;
        }

        try
        {
            var ready = Compare(pieces, replaced, patience);
            if (Breakage.Is(BreakageKind.NoHold))
            {
                Breakage.Linger();
            }

            var offset = 0;
            for (var i = 0; i < ready; offset += pieces[i++].Pages)
            {
                Map(pieces[i], hold.Entries(i, pieces[i]), replaced.Slice(offset, pieces[i].Pages));
                hold.Wake(pieces[i]);
            }
        }
        finally
        {
            // Whatever went wrong, the program's threads must not wait for ever.
            hold.End(pieces);
        }

        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        hold.Dispose();
        _query.Dispose();
        _copy.Dispose();
        _zeros.Dispose();
    }

    /// <summary>Finds what can be replaced. Gives how many pieces there was patience for.</summary>
    private int Compare(ReadOnlySpan<RunPiece> pieces, Span<bool> replaced, TimeSpan patience)
    {
        var (offset, count) = (0, 0);
        for (; count < pieces.Length && hold.Elapsed < patience; offset += pieces[count++].Pages)
        {
            var entries = hold.Entries(count, pieces[count]);
            for (var page = 0; page < entries.Length && hold.IsHeld(count); page++)
            {
                replaced[offset + page] = !WriteHold.MayBePinned(entries[page]) && IsEqual(pieces[count], page, entries[page]);
            }
        }

        return count;
    }

    /// <summary>Maps the target in place of what may be replaced, in as few mappings as can be.</summary>
    private void Map(in RunPiece piece, ReadOnlySpan<PageMapEntry> entries, Span<bool> replaced)
    {
        if (piece.Target == PieceTarget.Anonymous)
        {
            replaced.Fill(!replaced.Contains(false) && MakeAnonymous(piece, entries));
            return;
        }

        for (var page = 0; page < replaced.Length;)
        {
            var rest = replaced[page..];
            var pages = rest[0] ? rest.IndexOf(false) : 0;
            pages = pages < 0 ? rest.Length : pages;
            if (pages > 0 && !MapTarget(piece, page, (ulong)pages * PageBytes))
            {
                rest[..pages].Clear();
            }

            page += Math.Max(pages, 1);
        }
    }

    /// <summary>All 4096 bytes, of a page that nobody can be writing.</summary>
    private bool IsEqual(in RunPiece piece, int page, PageMapEntry entry)
    {
        if (piece.Target == PieceTarget.Anonymous || Breakage.Is(BreakageKind.SkipCompare))
        {
            return true;
        }

        var bytes = shelf.At(piece.Run.Segment).Data + (piece.Run.Slot + page) * (long)PageBytes;
        if (WriteHold.IsOwn(entry))
        {
            if (!_copy.Take(piece.Address + (ulong)page * PageBytes, isReadable: true))
            {
                return false;
            }

            bytes = _copy.Data;
        }

        var stable = piece.Target == PieceTarget.Hole ? _zeros.Data : shelf.At(piece.Place).Data + (piece.Slot + page) * (long)PageBytes;

        // SAFETY: all are whole pages of mappings of the engine's own.
        return new ReadOnlySpan<byte>(bytes, (int)PageBytes).SequenceEqual(new ReadOnlySpan<byte>(stable, (int)PageBytes));
    }

    private bool MapTarget(in RunPiece piece, int page, ulong bytes)
    {
        var (address, marks) = (piece.Address + (ulong)page * PageBytes, piece.Marks);
        var noReserve = (marks & MappingMarks.NoReserve) != 0;
        if (!IsReadAndWrite(address, bytes))
        {
            return false;
        }

        var error = piece.Target == PieceTarget.Hole
            ? RawMemory.MapAnonymousAt(address, bytes, noReserve)
            : RawMemory.MapPrivate(address, bytes, shelf.At(piece.Place).Descriptor, (piece.Slot + (ulong)page) * PageBytes, noReserve);
        if (error == Errno.None)
        {
            KeepMarks(marks, address, bytes, piece.Target == PieceTarget.Hole);
        }

        return error == Errno.None;
    }

    /// <summary>Whether the program still has all rights: what is mapped anew has them. Older kernels cannot be asked.</summary>
    private bool IsReadAndWrite(ulong address, ulong bytes)
    {
        var at = address;
        while (_query.IsSupported && at < address + bytes)
        {
            if (!_query.TryFind(at, out at, out var protection) || protection != ReadAndWrite)
            {
                return false;
            }
        }

        return true;
    }

    private bool MakeAnonymous(in RunPiece piece, ReadOnlySpan<PageMapEntry> entries)
    {
        var stable = shelf.At(piece.Run.Segment).Data + piece.Run.Slot * (long)PageBytes;
        if (!_query.IsSupported && !piece.Chunk.HasOddRuns && !piece.Chunk.HasMixedMarks)
        {
            return MakeAnonymous(piece.Marks, piece.Address, stable, entries, ReadAndWrite);
        }

        // Mapping by mapping, each with its own rights and marks: the program may have said something of a part only, and
        // of rights past the library, so that nobody has noted it.
        for (var page = 0; page < entries.Length;)
        {
            var address = piece.Address + (ulong)page * PageBytes;
            if (!_query.TryFind(address, out var end, out var protection))
            {
                return false;
            }

            var pages = (int)Math.Min((end - address) / PageBytes, (ulong)(entries.Length - page));
            if (!MakeAnonymous(MarksAt(piece, address), address, stable + page * (long)PageBytes, entries.Slice(page, pages), protection))
            {
                return false;
            }

            page += pages;
        }

        return true;
    }

    private MappingMarks MarksAt(in RunPiece piece, ulong address)
    {
        foreach (var mapping in hold.Mappings)
        {
            if (mapping.Start <= address && address < mapping.End)
            {
                return mapping.Marks;
            }
        }

        return piece.Marks;
    }

    private bool MakeAnonymous(MappingMarks marks, ulong address, byte* stable, ReadOnlySpan<PageMapEntry> entries, int protection)
    {
        var bytes = (ulong)entries.Length * PageBytes;
        var fresh = RawMemory.MapAnonymous(bytes, (marks & MappingMarks.NoReserve) != 0);
        if (fresh is null)
        {
            return false;
        }

        KeepMarks(marks, (ulong)fresh, bytes, isAnonymous: true);
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

    private bool Fill(byte* fresh, ulong address, byte* stable, ReadOnlySpan<PageMapEntry> entries, bool isReadable)
    {
        for (var page = 0; page < entries.Length; page++)
        {
            var source = stable + page * (long)PageBytes;
            if (WriteHold.IsOwn(entries[page]))
            {
                if (!_copy.Take(address + (ulong)page * PageBytes, isReadable))
                {
                    return false;
                }

                source = _copy.Data;
            }

            // SAFETY: both are whole pages of mappings that this thread alone knows, or of a sealed segment.
            new ReadOnlySpan<byte>(source, (int)PageBytes).CopyTo(new Span<byte>(fresh + page * (long)PageBytes, (int)PageBytes));
        }

        return true;
    }

    /// <summary>A new mapping must be told what the program had said of the old one.</summary>
    private static void KeepMarks(MappingMarks marks, ulong address, ulong bytes, bool isAnonymous)
    {
        if (isAnonymous || (marks & MappingMarks.NoHugePages) != 0)
        {
            _ = RawMemory.ForbidHugePages(address, bytes);
        }

        if ((marks & MappingMarks.WithheldFromFork) != 0)
        {
            _ = RawMemory.WithholdFromFork(address, bytes);
        }

        if ((marks & MappingMarks.WithheldFromDump) != 0)
        {
            _ = RawMemory.WithholdFromDump(address, bytes);
        }
    }
}
