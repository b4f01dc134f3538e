using System.Runtime.InteropServices;
using Samepage.Linux.Proc;

namespace Samepage.Merging.User.Engine;

/// <summary>
/// Mends what churn does to merged runs. A page that was written since its merge and equals a stable page again is
/// mapped from there, where it is; one that holds zeros becomes a hole. A segment that the keeper wants emptied, because
/// most of it is used no more, gives up its pages likewise: they are mapped from the segment that took up their
/// contents, and what nobody else holds becomes the program's own. One thread: the engine's.
/// </summary>
internal sealed class Renewer(
    RemapWindow window, MergeBatch batch, RegionCatalog catalog, Shelf shelf, RunLedger ledger, MappingBudget budget, DirectFiles direct, EngineCounters counters)
{
    /// <summary>Pages that must be able to merge anew, for the trouble to be worth it.</summary>
    private const int PagesMin = 8;

    private const int PauseMilliseconds = 1_000;

    /// <summary>Writers may be held back for one part in so many of the time.</summary>
    private const int PauseFactor = 200;

    /// <summary>
    /// A test for pins that takes so long, every time, holds writers back for longer than merging may: the process has
    /// very many mappings, and gets it but rarely.
    /// </summary>
    private static readonly TimeSpan s_longProbe = TimeSpan.FromMilliseconds(15);
    private const int LongPauseMilliseconds = 120_000;

    /// <summary>Rounds in a row that came to nothing, as where pages stay pinned: each doubles the pause.</summary>
    private const int FailuresMax = 7;

    /// <summary>In a window, after the test for pins: nobody waits for the result, so nobody should wait for the way to it.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(3);
    private const int PagesMax = WriteHold.PagesMax;
    private const int PiecesMax = WriteHold.PiecesMax / 2;

    private readonly List<Chunk> _chunks = [];
    private readonly List<RunPiece> _written = [];
    private readonly List<RunPiece> _unwritten = [];
    private readonly bool[] _replaced = new bool[WriteHold.PagesMax];
    private readonly TimeSpan[] _probes = new TimeSpan[4];
    private int _probeCount;
    private int _failures;
    private long _nextRound;

    /// <summary>Renews what is found worth it, when it is time.</summary>
    /// <returns>Pages renewed.</returns>
    public int Turn(PageLooker looker, KeeperLink link, bool isEager)
    {
        if ((LookSchedule.Now < _nextRound && !isEager) || !Choose(isEager ? 1 : PagesMin))
        {
            return 0;
        }

        Plan(batch.Ask(CollectionsMarshal.AsSpan(_chunks), looker, link), looker.ZeroFingerprint, link, isEager);

        // What nobody has written needs no test for pins, and no fork: it goes by itself.
        var renewed = Replace(_unwritten) + Replace(_written);
        _failures = renewed == 0 ? Math.Min(_failures + 1, FailuresMax) : 0;
        _nextRound = LookSchedule.Now + Math.Min(Pause() << _failures, LongPauseMilliseconds);
        return renewed;
    }

    /// <summary>Chunks with the most to gain; false where it is too little.</summary>
    private bool Choose(int least)
    {
        _chunks.Clear();
        var (pages, anyRetiring) = (0, shelf.AnyRetiring);
        foreach (var chunk in catalog.Chunks)
        {
            if ((chunk.RenewablePages > 0 || (anyRetiring && HasRetiring(chunk))) && IsOrdinary(chunk))
            {
                _chunks.Add(chunk);
                pages += chunk.RenewablePages;
            }
        }

        if (_chunks.Count > MergeBatch.ChunksMax)
        {
            _chunks.Sort((left, right) => right.RenewablePages.CompareTo(left.RenewablePages));
            _chunks.RemoveRange(MergeBatch.ChunksMax, _chunks.Count - MergeBatch.ChunksMax);
            _chunks.Sort((left, right) => left.Base.CompareTo(right.Base));
        }

        return pages >= least || (anyRetiring && _chunks.Count > 0);
    }

    /// <summary>Where the program has set rights or marks on a part of a chunk, its runs stay as they are.</summary>
    private static bool IsOrdinary(Chunk chunk) => chunk is { IsEligible: true, HasOddRuns: false, HasMixedMarks: false }
        && ((chunk.RunMarks ?? MappingMarks.None) & MappingMarks.Locked) == 0;

    private bool HasRetiring(Chunk chunk)
    {
        foreach (var run in (ReadOnlySpan<MergedRun>)CollectionsMarshal.AsSpan(chunk.Runs))
        {
            if (shelf.At(run.Segment).RetiringSince is not null)
            {
                return true;
            }
        }

        return false;
    }

    private void Plan(ReadOnlySpan<PostedPage> pages, ulong zero, KeeperLink link, bool isEager)
    {
        _written.Clear();
        _unwritten.Clear();
        foreach (var chunk in _chunks)
        {
            chunk.RenewablePages = 0;
        }

        foreach (ref readonly var page in pages)
        {
            var chunk = _chunks[page.Chunk];
            if (RunList.At(chunk.Runs, page.Page) is not { } run || RenewalRule.TargetOf(chunk, run, page, zero, isEager, shelf) is not { } target)
            {
                continue;
            }

            uint place = 0, slot = 0;
            if (target != PieceTarget.Stable || batch.TryFind(page, link, out place, out slot))
            {
                var list = chunk.Region.Fingerprints(chunk)[page.Page] != 0 ? _written : _unwritten;
                Add(list, new RunPiece(chunk, run, RunList.Piece(run, page.Page, page.Page + 1), target, place, slot));
            }
        }
    }

    /// <summary>Lengthens the last piece where the page continues it.</summary>
    private static void Add(List<RunPiece> pieces, RunPiece piece)
    {
        if (pieces.Count > 0 && pieces[^1] is var last && last.Chunk == piece.Chunk && last.Target == piece.Target
            && last.Run.End == piece.Run.First && last.Run.Segment == piece.Run.Segment && last.Run.Slot + last.Run.Count == piece.Run.Slot
            && last.Place == piece.Place && (last.Target != PieceTarget.Stable || last.Slot + last.Pages == piece.Slot))
        {
            pieces[^1] = last with { Run = last.Run with { Count = (ushort)(last.Run.Count + 1) } };
        }
        else
        {
            pieces.Add(piece);
        }
    }

    private int Replace(List<RunPiece> pieces)
    {
        _ = pieces.RemoveAll(piece => piece.Pages < budget.RunPagesMin && !piece.IsFree);
        int renewed = 0, count = 0, pages = 0;
        while (count < pieces.Count && count < PiecesMax && pages + pieces[count].Pages <= PagesMax)
        {
            pages += pieces[count++].Pages;
        }

        var now = CollectionsMarshal.AsSpan(pieces)[..count];
        if (count == 0 || direct.AreOpen || !window.Replace(now, _replaced.AsSpan(0, pages), s_patience))
        {
            return 0;
        }

        var offset = 0;
        foreach (ref readonly var piece in now)
        {
            renewed += ledger.Settle(piece, _replaced.AsSpan(offset, piece.Pages));
            offset += piece.Pages;
        }

        NoteProbe();
        counters.Now.ReturnedPagesTotal += (ulong)renewed;
        return renewed;
    }

    private void NoteProbe()
    {
        if (window.LastProbe is { } probe)
        {
            _probes[_probeCount++ % _probes.Length] = probe;
        }
    }

    /// <summary>The shortest of the last few tests is what the process costs; a longer one says how busy the machine was.</summary>
    private long Pause()
    {
        var probe = TimeSpan.MaxValue;
        for (var i = 0; i < Math.Min(_probeCount, _probes.Length); i++)
        {
            probe = probe < _probes[i] ? probe : _probes[i];
        }

        return _probeCount == 0 ? PauseMilliseconds
            : probe > s_longProbe ? LongPauseMilliseconds
            : Math.Max(PauseMilliseconds, (long)probe.TotalMilliseconds * PauseFactor);
    }
}
