using System.Diagnostics;
using Samepage.Linux;
using Samepage.Linux.Memory;
using Samepage.Linux.Proc;

namespace Samepage.Merging.User.Engine;

/// <summary>
/// Holds back whoever would write into pieces of merged runs, and finds out which of their pages nobody can be writing:
/// what is mapped there may then be replaced.
/// </summary>
/// <remarks>
/// <para>Writers are held back by write protection. That alone would lose data: a device may write into a page that was
/// pinned for it before, past all protection. Therefore pages that the program wrote since they were merged are tested
/// first: a child is forked, and of the pages that a fork copies, the kernel shares with the child all but the pinned
/// ones, which show as still mapped once. Nobody can pin a page for writing after the protection, as that needs a write
/// fault, which waits. Pages not written since need no test: what is mapped there is the segment's page, which nobody
/// ever writes.</para>
/// <para>One thread: the engine's. The userfaultfd must be one without fork events, or the fork would wait for
/// ourselves.</para>
/// </remarks>
internal sealed unsafe class WriteHold(Userfault fault, GateCalls* calls, GateLock gate, EngineCounters counters) : IDisposable
{
    /// <summary>Pages that are held back at once, at most.</summary>
    public const int PagesMax = 8 * MemberRegion.ChunkPages;

    /// <summary>Pieces that are held back at once, at most.</summary>
    public const int PiecesMax = 1024;

    private readonly PageMap _pageMap = new(new ProcFs(), Environment.ProcessId);
    private readonly RealTimeTurn _turn = new();
    private readonly List<Mapping> _mappings = [];
    private readonly bool[] _isHeld = new bool[PiecesMax];
    private readonly int[] _offsets = new int[PiecesMax];
    private readonly PageMapEntry[] _entries = new PageMapEntry[PagesMax];
    private long _begin;
    private long _ready;

    /// <summary>
    /// How long the last test for pins took: a fork, which copies every mapping of the process. Accesses to what is held
    /// wait so long at least. Null where no test was needed.
    /// </summary>
    public TimeSpan? LastProbe { get; private set; }

    /// <summary>How long all has been held and tested until now.</summary>
    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(_ready);

    /// <summary>Mappings of segments, where the program has said different things of parts of a chunk.</summary>
    public List<Mapping> Mappings => _mappings;

    /// <summary>Whether a page is the program's own: written since it was merged.</summary>
    public static bool IsOwn(PageMapEntry entry) =>
        entry.IsPresent ? !entry.IsFileOrShared : entry.IsSwapped && !entry.IsMarker;

    /// <summary>Whether somebody may be writing into a page now, past the protection.</summary>
    public static bool MayBePinned(PageMapEntry entry) =>
        entry is { IsPresent: true, IsFileOrShared: false, IsExclusive: true } && !Breakage.Is(BreakageKind.IgnorePins);

    /// <summary>Takes the gate's lock and holds back writers, until <see cref="End"/>.</summary>
    /// <param name="pieces">Those of one run one after the other.</param>
    /// <returns>False where the mappings have changed since they were read; then nothing is held.</returns>
    public bool Begin(ReadOnlySpan<RunPiece> pieces)
    {
        gate.Hold();
        foreach (ref readonly var piece in pieces)
        {
            if (!gate.IsUnchanged(piece.Chunk))
            {
                gate.Release();
                return false;
            }
        }

        try
        {
            ReadMappings(pieces);
        }
        catch
        {
            // Out of descriptors or memory: nobody is held back yet, and nobody may be left waiting.
            gate.Release();
            throw;
        }

        _turn.Begin();
        _begin = Stopwatch.GetTimestamp();
        try
        {
            Protect(pieces);
            TestForPins(pieces);
        }
        catch
        {
            End(pieces);
            throw;
        }

        _ready = Stopwatch.GetTimestamp();
        return true;
    }

    /// <summary>Whether writers of a piece are held back; what could not be protected must stay as it is.</summary>
    public bool IsHeld(int index) => _isHeld[index];

    /// <summary>What each page of a piece is.</summary>
    public ReadOnlySpan<PageMapEntry> Entries(int index, in RunPiece piece) => _entries.AsSpan(_offsets[index], piece.Pages);

    /// <summary>Lets the writers of a piece go on that is mapped from elsewhere now.</summary>
    public void Wake(in RunPiece piece) => _ = fault.Wake(piece.Address, piece.Bytes);

    /// <summary>Ends the hold: all writers go on, whatever is mapped there now.</summary>
    public void End(ReadOnlySpan<RunPiece> pieces)
    {
        for (var i = 0; i < pieces.Length; i++)
        {
            if (IsFirstOfRun(pieces, i))
            {
                // Where the old mapping stayed this takes the protection off; where it was replaced it only wakes.
                _ = fault.Unregister(pieces[i].WholeAddress, pieces[i].WholeBytes);
                _ = fault.Wake(pieces[i].WholeAddress, pieces[i].WholeBytes);
                WithholdAgain(pieces[i]);
            }
        }

        counters.NoteWindow(Stopwatch.GetElapsedTime(_begin));
        _turn.End();
        gate.Release();
    }

    /// <inheritdoc/>
    public void Dispose() => _pageMap.Dispose();

    private static bool IsFirstOfRun(ReadOnlySpan<RunPiece> pieces, int index) =>
        index == 0 || pieces[index].Chunk != pieces[index - 1].Chunk || pieces[index].Whole.First != pieces[index - 1].Whole.First;

    /// <summary>Runs are registered as a whole, so that no mapping is split which may stay; only the pieces are protected.</summary>
    private void Protect(ReadOnlySpan<RunPiece> pieces)
    {
        var (offset, isRegistered) = (0, false);
        for (var i = 0; i < pieces.Length; i++)
        {
            ref readonly var piece = ref pieces[i];
            _offsets[i] = offset;
            offset += piece.Pages;
            if (IsFirstOfRun(pieces, i))
            {
                isRegistered = fault.Register(piece.WholeAddress, piece.WholeBytes, UserfaultModes.WriteProtect) == Errno.None;
            }

            _isHeld[i] = isRegistered && (Breakage.Is(BreakageKind.NoHold)
                || fault.WriteProtect(piece.Address, piece.Bytes, isProtected: true) == Errno.None);
        }
    }

    /// <summary>Reads what each page is; where some were written since they were merged, by way of a forked child.</summary>
    private void TestForPins(ReadOnlySpan<RunPiece> pieces)
    {
        LastProbe = null;
        if (!ReadEntries(pieces))
        {
            return;
        }

        for (var i = 0; i < pieces.Length; i++)
        {
            if (IsFirstOfRun(pieces, i))
            {
                _ = RawMemory.LeaveToFork(pieces[i].WholeAddress, pieces[i].WholeBytes);
            }
        }

        var begin = Stopwatch.GetTimestamp();
        var child = calls->ForkProbeBegin();
        LastProbe = Stopwatch.GetElapsedTime(begin);
        if (child > 0)
        {
            try
            {
                _ = ReadEntries(pieces);
            }
            finally
            {
                calls->ForkProbeEnd(child);
            }
        }

        // Without a child every page that was written shows as mapped once, and stays: the safe side.
    }

    /// <summary>Gives whether any page in what is held is the program's own.</summary>
    private bool ReadEntries(ReadOnlySpan<RunPiece> pieces)
    {
        var anyOwn = false;
        for (var i = 0; i < pieces.Length; i++)
        {
            var entries = _entries.AsSpan(_offsets[i], pieces[i].Pages);
            _ = _pageMap.Read(pieces[i].Address, entries);
            foreach (ref readonly var entry in entries)
            {
                anyOwn |= _isHeld[i] && IsOwn(entry);
            }
        }

        return anyOwn;
    }

    /// <summary>The test for pins has left the run to a fork; where the program does not want that, no longer.</summary>
    private void WithholdAgain(in RunPiece piece)
    {
        if (!piece.Chunk.HasMixedMarks)
        {
            if ((piece.Marks & MappingMarks.WithheldFromFork) != 0)
            {
                _ = RawMemory.WithholdFromFork(piece.WholeAddress, piece.WholeBytes);
            }

            return;
        }

        foreach (var mapping in _mappings)
        {
            var (from, to) = (Math.Max(mapping.Start, piece.WholeAddress), Math.Min(mapping.End, piece.WholeAddress + piece.WholeBytes));
            if (from < to && (mapping.Marks & MappingMarks.WithheldFromFork) != 0)
            {
                _ = RawMemory.WithholdFromFork(from, to - from);
            }
        }
    }

    /// <summary>Where marks differ within a chunk, what each mapping has; before anything is held back, as it takes long.</summary>
    private void ReadMappings(ReadOnlySpan<RunPiece> pieces)
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
}
