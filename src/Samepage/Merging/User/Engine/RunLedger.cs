namespace Samepage.Merging.User.Engine;

/// <summary>
/// Keeps the books when merged runs come and go: the runs of a chunk, the use of segments, the budget of mappings. One
/// thread: the engine's.
/// </summary>
internal sealed class RunLedger(Shelf shelf, MappingBudget budget)
{
    /// <summary>Pages of a chunk are mapped from no segment any more.</summary>
    public void Drop(Chunk chunk, int first, int end)
    {
        var before = RunList.Mappings(chunk.Runs);
        RunList.Remove(chunk.Runs, first, end, shelf.NoteGone);
        budget.Note(RunList.Mappings(chunk.Runs) - before);
    }

    /// <summary>Runs that lie in these pages go over to another chunk of the same addresses.</summary>
    public void Hand(Chunk from, Chunk to, int first, int end)
    {
        var before = RunList.Mappings(from.Runs) + RunList.Mappings(to.Runs);
        RunList.Remove(from.Runs, first, end, run =>
        {
            RunList.Add(to.Runs ??= [], run);
            shelf.At(run.Segment).BrokenPages -= run.Broken;
        });
        budget.Note(RunList.Mappings(from.Runs) + RunList.Mappings(to.Runs) - before);
        _ = Recount(from);
        _ = Recount(to);
    }

    /// <summary>Writes down what a window has mapped in place of a piece. Gives the pages.</summary>
    public int Settle(in RunPiece piece, ReadOnlySpan<bool> replaced)
    {
        var pages = replaced.Count(true);
        if (pages == 0)
        {
            return 0;
        }

        for (var page = 0; page < replaced.Length;)
        {
            var length = replaced[page..].IndexOf(!replaced[page]);
            length = length < 0 ? replaced.Length - page : length;
            if (replaced[page])
            {
                Settle(piece, page, length);
            }

            page += length;
        }

        _ = Recount(piece.Chunk);
        return pages;
    }

    /// <summary>
    /// Counts the written pages of each run anew, by the fingerprints of the last look: what has one inside a run is the
    /// program's own.
    /// </summary>
    /// <returns>Pages more than at the last count.</returns>
    public int Recount(Chunk chunk)
    {
        var known = chunk.Region.Fingerprints(chunk);
        var more = 0;
        for (var i = 0; i < Count(chunk); i++)
        {
            var run = chunk.Runs![i];
            var broken = run.Count - known.Slice(run.First, run.Count).Count(0UL);
            if (broken != run.Broken)
            {
                more += Math.Max(0, broken - run.Broken);
                shelf.At(run.Segment).BrokenPages += broken - run.Broken;
                chunk.Runs[i] = run with { Broken = (ushort)broken };
            }
        }

        return more;
    }

    private static int Count(Chunk chunk) => chunk.Runs?.Count ?? 0;

    private void Settle(in RunPiece piece, int page, int length)
    {
        var chunk = piece.Chunk;
        var first = piece.Run.First + page;
        Drop(chunk, first, first + length);
        if (piece.Target == PieceTarget.Anonymous)
        {
            // Pages that were never written have a frame now, and no fingerprint yet.
            (chunk.Quiet, chunk.NextLook) = (0, 0);
            return;
        }

        var known = chunk.Region.Fingerprints(chunk).Slice(first, length);
        chunk.KnownPages -= (ushort)(length - known.Count(0UL));
        known.Clear();
        chunk.Region.Trim(chunk);
        if (piece.Target == PieceTarget.Stable)
        {
            var before = RunList.Mappings(chunk.Runs);
            RunList.Add(chunk.Runs!, new MergedRun((ushort)first, (ushort)length, piece.Place, piece.Slot + (uint)page));
            budget.Note(RunList.Mappings(chunk.Runs) - before);
            shelf.At(piece.Place).MappedPages += length;
        }
    }
}
