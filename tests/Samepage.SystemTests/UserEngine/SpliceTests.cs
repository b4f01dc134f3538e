namespace Samepage.SystemTests.UserEngine;

/// <summary>What no engine can see, pages in pipes, and what is done about it (Targets/user_vmsplice.c).</summary>
public sealed class SpliceTests
{
    private const string Program = "user_vmsplice";

    [Fact]
    public void A_reader_of_the_pipe_sees_later_writes_without_merging()
    {
        var summary = IntegrityProgram.RunUnmerged(Program);
        summary.AssertClean();
        Assert.True(summary.Says("reader=later"), summary.Line);
    }

    [Fact]
    public void The_preloaded_library_takes_a_spliced_page_out_of_merging()
    {
        var summary = IntegrityProgram.RunMerged(Program, MergingWay.Preload, null);
        summary.AssertClean();
        Assert.True(summary["others_merged"] > 0, $"nothing else was merged either: {summary.Line}");
        Assert.True(summary.Says("spliced_merged=0") && summary.Says("reader=later"), summary.Line);
    }

    [Fact]
    public void So_does_a_program_that_takes_its_advice_back_first()
    {
        var summary = IntegrityProgram.RunMerged(Program, MergingWay.Library, null, "--unadvise", "1");
        summary.AssertClean();
        Assert.True(summary["others_merged"] > 400, summary.Line);
        Assert.True(summary.Says("spliced_merged=0") && summary.Says("reader=later"), summary.Line);
    }

    /// <summary>The limit, as documented: the program's own memory is right, but the pipe holds the page as it was.</summary>
    [Fact]
    public void Without_either_the_reader_of_the_pipe_sees_the_page_as_it_was_merged()
    {
        var summary = IntegrityProgram.RunMerged(Program, MergingWay.Library, null);
        summary.AssertClean();
        Assert.True(summary.Says("spliced_merged=1") && summary.Says("reader=earlier"), summary.Line);
    }
}
