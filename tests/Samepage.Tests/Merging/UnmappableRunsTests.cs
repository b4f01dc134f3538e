using Samepage.Merging.User.Engine;
using Samepage.Merging.User.Protocol;

namespace Samepage.Tests.Merging;

public class UnmappableRunsTests
{
    /// <summary>Runs to be promoted, of these lengths, each with a page behind it that is not.</summary>
    private static PostedPage[] Runs(params int[] lengths)
    {
        var pages = new List<PostedPage>();
        foreach (var length in lengths)
        {
            for (var page = 0; page <= length; page++)
            {
                pages.Add(new PostedPage { Token = (uint)pages.Count, Answer = page < length ? Answer.Promote : Answer.Noted });
            }
        }

        return [.. pages];
    }

    /// <summary>How many pages are still to be promoted, and how many were left out.</summary>
    private static (int Kept, int Left) LeaveOut(ulong limit, int used, PostedPage[] pages)
    {
        var budget = new MappingBudget();
        budget.SetLimit(limit);
        budget.Note(used);
        new UnmappableRuns(budget).LeaveOut(pages);
        return (pages.Count(page => page.Answer == Answer.Promote), pages.Count(page => page.Answer == Answer.LeftOut));
    }

    [Fact]
    public void With_mappings_enough_nothing_is_left_out() => Assert.Equal((9, 0), LeaveOut(100, 0, Runs(1, 3, 1, 4)));

    /// <summary>Each run takes two mappings, and a quarter of them is not for single pages.</summary>
    [Fact]
    public void Of_single_pages_only_as_many_are_kept_as_find_mappings() =>
        Assert.Equal((37, 63), LeaveOut(100, 0, Runs([.. Enumerable.Repeat(1, 100)])));

    [Fact]
    public void Longer_runs_go_first()
    {
        var pages = Runs([.. Enumerable.Repeat(1, 100), .. Enumerable.Repeat(5, 30)]);
        Assert.Equal((150 + 7, 93), LeaveOut(100, 0, pages));
        Assert.Equal(150, pages.Skip(200).Count(page => page.Answer == Answer.Promote));
    }

    [Fact]
    public void Once_most_is_used_single_pages_are_worth_none() =>
        Assert.Equal((10, 50), LeaveOut(100, 80, Runs([.. Enumerable.Repeat(1, 50), 10])));

    [Fact]
    public void Neighbours_of_another_answer_or_another_place_are_no_run()
    {
        var pages = Runs(1, 1);
        pages[2].Token = 50;
        Assert.Equal((0, 2), LeaveOut(100, 80, pages));
    }
}
