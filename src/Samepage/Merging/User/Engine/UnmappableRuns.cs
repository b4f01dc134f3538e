using Samepage.Merging.User.Protocol;

namespace Samepage.Merging.User.Engine;

/// <summary>
/// Keeps pages out of segments that would find no mapping there: they would cost frames and save none. Pages that follow
/// each other in memory will do so in the segment, so runs are told before it is written; the longest go first. One
/// thread: the engine's.
/// </summary>
internal sealed class UnmappableRuns(MappingBudget budget)
{
    private readonly int[] _runsOfLength = new int[MemberRegion.ChunkPages + 1];

    /// <summary>Marks pages that are to be promoted and had better not.</summary>
    /// <param name="pages">With their answers, in ascending order of address.</param>
    public void LeaveOut(Span<PostedPage> pages)
    {
        _runsOfLength.AsSpan().Clear();
        for (int first = 0, end; first < pages.Length; first = end)
        {
            end = EndOfRun(pages, first);
            _runsOfLength[Math.Min(end - first, MemberRegion.ChunkPages)] += pages[first].Answer == Answer.Promote ? 1 : 0;
        }

        var (shortest, allowed) = budget.Affordable(_runsOfLength);
        for (int first = 0, end; first < pages.Length; first = end)
        {
            end = EndOfRun(pages, first);
            var length = end - first;
            if (pages[first].Answer == Answer.Promote && (length < shortest || (length == shortest && allowed-- <= 0)))
            {
                Mark(pages[first..end]);
            }
        }
    }

    private static void Mark(Span<PostedPage> run)
    {
        foreach (ref var page in run)
        {
            page.Answer = Answer.LeftOut;
        }
    }

    private static int EndOfRun(ReadOnlySpan<PostedPage> pages, int first)
    {
        var end = first + 1;
        while (end < pages.Length && pages[end].Answer == pages[first].Answer && pages[end].Token == pages[end - 1].Token + 1)
        {
            end++;
        }

        return end;
    }
}
