namespace Samepage.Merging.User.Engine;

/// <summary>Arithmetic on the merged runs of a chunk, which are kept in ascending order and do not overlap.</summary>
internal static unsafe class RunList
{
    /// <summary>The run that a page lies in.</summary>
    public static MergedRun? At(List<MergedRun>? runs, int page)
    {
        int low = 0, high = (runs?.Count ?? 0) - 1;
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (page < runs![middle].First)
            {
                high = middle - 1;
            }
            else if (page >= runs[middle].End)
            {
                low = middle + 1;
            }
            else
            {
                return runs[middle];
            }
        }

        return null;
    }

    /// <summary>The runs together with what a window has mapped.</summary>
    public static List<MergedRun>? With(List<MergedRun>? runs, WindowPlan plan)
    {
        for (var page = plan.First; page < plan.End; page++)
        {
            if (plan.Fate[page] != PageFate.Merged || plan.Place[page] == 0)
            {
                continue;
            }

            var end = page + 1;
            while (end < plan.End && plan.Fate[end] == PageFate.Merged && plan.IsContinued(end - 1))
            {
                end++;
            }

            Insert(runs ??= [], new MergedRun((ushort)page, (ushort)(end - page), plan.Place[page], plan.Slot[page]));
            page = end - 1;
        }

        return runs;
    }

    /// <summary>The mappings that a chunk's runs add: themselves, and what lies between and beside them.</summary>
    public static int Mappings(List<MergedRun>? runs)
    {
        var mappings = runs is { Count: > 0 } ? runs.Count + 1 : 0;
        for (var i = 1; i < (runs?.Count ?? 0); i++)
        {
            mappings += runs![i - 1].End < runs[i].First ? 1 : 0;
        }

        return mappings;
    }

    /// <summary>Takes pages out of the runs; what is left of a run on either side stays.</summary>
    /// <param name="runs">The runs; null for none.</param>
    /// <param name="first">First page.</param>
    /// <param name="end">Behind the last.</param>
    /// <param name="removed">Told of each piece that is taken out.</param>
    public static void Remove(List<MergedRun>? runs, int first, int end, Action<MergedRun> removed)
    {
        for (var i = 0; i < (runs?.Count ?? 0); i++)
        {
            var run = runs![i];
            var (from, to) = (Math.Max(first, run.First), Math.Min(end, run.End));
            if (from >= to)
            {
                continue;
            }

            // Which of its pages are the written ones is not kept: the pieces that stay count anew at the next look.
            removed(Piece(run, from, to) with { Broken = run.Broken });
            runs.RemoveAt(i--);
            if (to < run.End)
            {
                runs.Insert(i + 1, Piece(run, to, run.End));
            }

            if (from > run.First)
            {
                runs.Insert(++i, Piece(run, run.First, from));
            }
        }
    }

    /// <summary>Puts a run in its place.</summary>
    public static void Add(List<MergedRun> runs, MergedRun run) => Insert(runs, run with { Broken = 0 });

    /// <summary>Some pages of a run, by their places in the chunk.</summary>
    public static MergedRun Piece(MergedRun run, int first, int end) =>
        new((ushort)first, (ushort)(end - first), run.Segment, run.Slot + (uint)(first - run.First));

    /// <summary>Puts a run in its place, joined with its neighbours where the mapping is one.</summary>
    private static void Insert(List<MergedRun> runs, MergedRun run)
    {
        var index = runs.Count;
        while (index > 0 && runs[index - 1].First > run.First)
        {
            index--;
        }

        if (index > 0 && IsContinued(runs[index - 1], run))
        {
            var before = runs[index - 1];
            run = before with { Count = (ushort)(before.Count + run.Count), Broken = (ushort)(before.Broken + run.Broken) };
            runs.RemoveAt(--index);
        }

        if (index < runs.Count && IsContinued(run, runs[index]))
        {
            var next = runs[index];
            run = run with { Count = (ushort)(run.Count + next.Count), Broken = (ushort)(run.Broken + next.Broken) };
            runs.RemoveAt(index);
        }

        runs.Insert(index, run);
    }

    private static bool IsContinued(MergedRun run, MergedRun next) =>
        run.End == next.First && run.Segment == next.Segment && run.Slot + run.Count == next.Slot;
}
