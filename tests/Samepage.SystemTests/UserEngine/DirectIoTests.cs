using System.Globalization;

namespace Samepage.SystemTests.UserEngine;

/// <summary>
/// The disk writes into memory by itself while that memory is merged: reads with O_DIRECT by threads and by io_uring,
/// with registered buffers too (Targets/user_direct_io.c).
/// </summary>
public sealed class DirectIoTests
{
    private const string Program = "user_direct_io";

    [Fact]
    public void Nothing_is_wrong_without_merging() =>
        IntegrityProgram.RunUnmerged(Program, "--reads", "20000", "--seconds", "10").AssertClean();

    [Theory]
    [InlineData("replace")]
    [InlineData("overwrite")]
    [InlineData("drop")]
    public void What_is_broken_by_hand_is_noticed(string way) =>
        IntegrityProgram.RunUnmerged(Program, "--reads", "20000", "--seconds", "30", "--break", way).AssertCaught();

    [Theory]
    [InlineData(MergingWay.Library)]
    [InlineData(MergingWay.Preload)]
    public void No_read_is_lost_into_memory_that_is_merged(MergingWay way)
    {
        var reads = Campaign.Reads;
        var summary = IntegrityProgram.RunMerged(
            Program, way, null, "--reads", reads.ToString(CultureInfo.InvariantCulture), "--pins", "1000",
            "--seconds", (60 + (reads / 1000)).ToString(CultureInfo.InvariantCulture));
        summary.AssertClean();
        summary.AssertMerged(1024);
        Assert.True(summary["reads"] >= reads, summary.Line);
        Assert.True(summary["pinned"] >= 1000, $"the engine met no pinned pages: {summary.Line}");
        Assert.All((string[])["pread", "ring", "early", "late"], way => Assert.True(summary[$"reads_{way}"] > 500, summary.Line));
    }

    /// <summary>When it merges pages, or when it renews merged pages that were written since.</summary>
    [Theory]
    [InlineData("write-protect", "--discards", "1")]
    [InlineData("ignore-pins", "--discards", "0", "--ways", "ul")]
    public void An_engine_that_only_protects_pages_from_writing_is_caught(string breakage, params string[] arguments)
    {
        var summary = IntegrityProgram.RunMerged(
            Program, MergingWay.Library, breakage, ["--seconds", "60", "--stop-at-wrong", "1", .. arguments]);
        summary.AssertCaught();
        Assert.True(summary["lost"] > 0, summary.Line);
    }

    /// <summary>Reads go into pages that were merged before, and those are merged again.</summary>
    [Fact]
    public void No_read_is_lost_into_memory_that_finds_its_way_back()
    {
        var summary = IntegrityProgram.RunMerged(
            Program, MergingWay.Library, null, "--reads", "100000", "--pins", "100", "--seconds", "60", "--discards", "0", "--ways", "pul");
        summary.AssertClean();
        Assert.True(summary["returned"] >= 100, $"hardly a page was renewed: {summary.Line}");
    }
}
