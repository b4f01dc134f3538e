using System.Globalization;

namespace Samepage.SystemTests.UserEngine;

/// <summary>
/// Checked writes by several threads into memory that is merged as eagerly as can be (Targets/user_writers.c). With
/// SAMEPAGE_WRITES=1e9 this is the campaign that the engine's promise rests on.
/// </summary>
public sealed class WriterTests
{
    private const string Program = "user_writers";

    /// <summary>A merged page must be written this often for the run to mean anything.</summary>
    private const int BreaksMin = 10_000;

    /// <summary>And so many of those must merge again, which is the other place where memory is replaced.</summary>
    private const int RenewalsMin = 100;

    [Fact]
    public void Nothing_is_wrong_without_merging() =>
        IntegrityProgram.RunUnmerged(Program, "--writes", "5e6", "--seconds", "10").AssertClean();

    [Theory]
    [InlineData("overwrite")]
    [InlineData("torn")]
    [InlineData("drop")]
    [InlineData("swap")]
    [InlineData("counter")]
    [InlineData("stale")]
    public void What_is_broken_by_hand_is_noticed(string way) =>
        IntegrityProgram.RunUnmerged(Program, "--seconds", "30", "--break", way).AssertCaught();

    [Theory]
    [InlineData(MergingWay.Library)]
    [InlineData(MergingWay.Preload)]
    public void No_write_is_lost_or_torn_while_its_page_is_merged(MergingWay way)
    {
        var summary = IntegrityProgram.RunMerged(Program, way, null, Arguments(Campaign.Writes));
        summary.AssertClean();
        AssertMeaningful(summary);
    }

    [Fact]
    public void Nor_where_two_processes_share_their_pages()
    {
        using var domain = new EngineEnvironment();
        var variables = domain.Variables(MergingWay.Library).ToList();
        using var first = IntegrityProgram.Start(Program, variables, Arguments(Campaign.Writes / 2));
        using var second = IntegrityProgram.Start(Program, variables, [.. Arguments(Campaign.Writes / 2), "--seed", "2"]);
        var summaries = new[] { first.Finish(), second.Finish() };
        Assert.All(summaries, summary => summary.AssertClean());
        Assert.All(summaries, AssertMeaningful);
    }

    [Theory]
    [InlineData("skip-compare")]
    [InlineData("early-wake")]
    [InlineData("no-hold")]
    public void An_engine_that_is_broken_on_purpose_is_caught(string breakage) =>
        IntegrityProgram.RunMerged(Program, MergingWay.Library, breakage, "--seconds", "60", "--stop-at-wrong", "1").AssertCaught();

    private static string[] Arguments(double writes) =>
    [
        "--writes", writes.ToString(CultureInfo.InvariantCulture), "--breaks", $"{BreaksMin}",
        "--seconds", (30 + (writes / 1e6)).ToString(CultureInfo.InvariantCulture),
    ];

    private static void AssertMeaningful(Summary summary)
    {
        summary.AssertMerged(10_000);
        Assert.True(summary["cow_breaks"] >= BreaksMin, $"only {summary["cow_breaks"]} merged pages were written: {summary.Line}");
        Assert.True(summary["returned"] >= RenewalsMin, $"only {summary["returned"]} written pages came back into sharing: {summary.Line}");
    }
}
