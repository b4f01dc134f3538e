using Samepage.Linux.Memory;

namespace Samepage.Merging.User.Engine;

/// <summary>
/// Decides which merged runs are returned, and writes down that they were: on request, because pages written since
/// could merge anew, or to empty a segment. One thread: the engine's.
/// </summary>
internal sealed class Returner(ReturnWindow window, RegionCatalog catalog, Shelf shelf, MappingBudget budget, EngineCounters counters)
    : IDisposable
{
    /// <summary>Pages of a chunk that must be able to merge anew, for the trouble to be worth it.</summary>
    private const int ReturnablePagesMin = 8;

    /// <summary>Between two returns for profit: each may fork.</summary>
    private const int PauseMilliseconds = 1_000;

    /// <summary>
    /// A fork that took so long would hold writers back for longer than merging may: with so many mappings, only rarely.
    /// </summary>
    private static readonly TimeSpan s_longProbe = TimeSpan.FromMilliseconds(10);
    private const int LongPauseMilliseconds = 120_000;

    /// <summary>Writers may be held back for one part in so many of the time.</summary>
    private const int PauseFactor = 200;

    private const int Tries = 20;
    private const int PatienceMilliseconds = 3_000;
    private const int TriesWithoutProgress = 2;

    /// <summary>What is held back at once for profit: nobody waits for the result, so nobody should wait for the way to it.</summary>
    private const int ProfitPagesMax = 4 * MemberRegion.ChunkPages;
    private const int ProfitPiecesMax = 256;

    private readonly List<ReturnPiece> _pieces = [];
    private readonly bool[] _returned = new bool[ReturnWindow.PagesMax];
    private long _nextReturn;

    /// <summary>Bytes that would be needed to make a range private.</summary>
    public long MergedBytes(ulong start, ulong end)
    {
        long pages = 0;
        foreach (var chunk in catalog.Chunks)
        {
            foreach (var run in Overlapping(chunk, start, end))
            {
                pages += run.Count - run.Broken;
            }
        }

        return pages * AnonymousMemory.PageSize;
    }

    /// <summary>Returns everything in a range. Runs in which I/O is under way are waited for, a while.</summary>
    public void ReturnAll(ulong start, ulong end)
    {
        var deadline = LookSchedule.Now + PatienceMilliseconds;
        for (var tries = 0; tries < Tries && LookSchedule.Now < deadline; tries++)
        {
            var before = _pieces.Count;
            Collect(start, end, _ => true);
            if (_pieces.Count == 0)
            {
                return;
            }

            // No progress: the process has no mapping or no memory left, and more tries would not help.
            if (tries > TriesWithoutProgress && _pieces.Count >= before)
            {
                break;
            }

            // Runs that nobody has written since need no test for pins, and no fork: they go first, among themselves.
            _pieces.Sort((left, right) => Math.Sign(left.Run.Broken).CompareTo(Math.Sign(right.Run.Broken)));
            for (var first = 0; first < _pieces.Count && LookSchedule.Now < deadline;)
            {
                first += Return(first, ReturnWindow.PagesMax, ReturnWindow.PiecesMax);
            }

            if (tries > 0)
            {
                Thread.Sleep(tries);
            }
        }

        // Pinned for longer than we want to wait: private at least, though still on a mapping of the segment.
        Collect(start, end, _ => true);
        foreach (var piece in _pieces)
        {
            _ = RawMemory.PopulateForWriting(piece.Address, piece.Bytes);
        }
    }

    /// <summary>Returns a few runs whose pages could merge anew, or whose segment is to be emptied.</summary>
    /// <param name="isEager">Without regard to how long writers are held back.</param>
    /// <param name="deadline">When to stop, on the engine's clock.</param>
    public void ReturnSome(bool isEager, long deadline)
    {
        if (LookSchedule.Now < _nextReturn && !isEager)
        {
            return;
        }

        Collect(0, ulong.MaxValue, run => shelf.At(run.Segment).IsRetiring, isForProfit: true, isEager);
        for (var first = 0; first < _pieces.Count && LookSchedule.Now < deadline;)
        {
            first += Return(first, ProfitPagesMax, ProfitPiecesMax);
        }

        var pause = Math.Max(PauseMilliseconds, (long)window.LastProbe.TotalMilliseconds * PauseFactor * Math.Min(_pieces.Count, 1));
        _nextReturn = LookSchedule.Now + (window.LastProbe > s_longProbe ? LongPauseMilliseconds : pause);
    }

    /// <inheritdoc/>
    public void Dispose() => window.Dispose();

    private static IEnumerable<MergedRun> Overlapping(Chunk chunk, ulong start, ulong end)
    {
        if (chunk.Runs is null || chunk.Base >= end || chunk.Base + MemberRegion.ChunkBytes <= start)
        {
            yield break;
        }

        foreach (var run in chunk.Runs)
        {
            var first = chunk.Base + run.First * MemberRegion.PageBytes;
            if (first < end && first + run.Count * MemberRegion.PageBytes > start)
            {
                yield return run;
            }
        }
    }

    private void Collect(ulong start, ulong end, Func<MergedRun, bool> isWanted, bool isForProfit = false, bool isEager = false)
    {
        _pieces.Clear();
        var pages = 0;
        foreach (var chunk in catalog.Chunks)
        {
            var isProfitable = isForProfit && chunk.ReturnablePages >= ReturnablePagesMin && (chunk.Quiet > 0 || isEager);
            foreach (var run in Overlapping(chunk, start, end))
            {
                if ((isProfitable && run.Broken > 0) || isWanted(run))
                {
                    _pieces.Add(new ReturnPiece(chunk, run));
                    pages += run.Count;
                }
            }

            if (isForProfit && (pages >= ProfitPagesMax || _pieces.Count >= ProfitPiecesMax))
            {
                return;
            }
        }
    }

    /// <summary>Returns as many pieces from the list as one window takes. Gives their number.</summary>
    private int Return(int first, int pagesMax, int piecesMax)
    {
        int count = 0, pages = 0;
        while (first + count < _pieces.Count && count < piecesMax && (pages += _pieces[first + count].Pages) <= pagesMax)
        {
            count++;
        }

        var pieces = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_pieces).Slice(first, count);
        if (!window.Return(pieces, shelf, _returned.AsSpan(0, count)))
        {
            return _pieces.Count;
        }

        for (var i = 0; i < count; i++)
        {
            if (_returned[i])
            {
                Settle(pieces[i]);
            }
        }

        return count;
    }

    private void Settle(in ReturnPiece piece)
    {
        var chunk = piece.Chunk;
        var before = chunk.Runs!.Count;
        RunList.Remove(chunk.Runs, piece.Run.First, piece.Run.End, shelf.NoteGone);
        budget.Note(chunk.Runs.Count - before);
        counters.Now.ReturnedPagesTotal += (ulong)piece.Run.Broken;
        (chunk.ReturnablePages, chunk.Quiet, chunk.NextLook) = (0, 0, 0);
    }
}
