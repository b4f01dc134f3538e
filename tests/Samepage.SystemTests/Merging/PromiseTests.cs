using System.Text.Json;
using Samepage.SystemTests.Estimating;

namespace Samepage.SystemTests.Merging;

/// <summary>
/// Promise against achievement: what <c>estimate</c> says would be saved is what is gone, in frames, after <c>enable</c>;
/// <c>disable</c> gives the frames back; and no program's memory ever holds anything else than it did.
/// </summary>
public sealed class PromiseTests : IDisposable
{
    private const double Tolerance = 0.02;
    private readonly KsmdLease _ksmd = KsmdLease.Take();
    private readonly LayoutPrograms _programs = new();

    public void Dispose()
    {
        _programs.Dispose();
        _ksmd.Dispose();
    }

    [Fact]
    public void Three_programs_of_every_kind_keep_the_promise_and_are_given_back_whole()
    {
        var loners = _programs.Start("seed=1", "duplicates", "zeros", "locked", "holes", "unique");
        loners.AddRange(_programs.Start("seed=2", "private-file", "protected", "duplicates", "zero-frame", "guard", "shared", "nearly"));
        var family = _programs.Start("seed=3", "fork", "protected", "holes", "zeros", "locked");
        var all = loners.Concat(family).ToList();
        var before = BruteForceReference.Of(all);
        var lonersBefore = BruteForceReference.Of(loners);
        var contents = ProcessContents.Of(all);

        var promised = Promise(all);
        Merge(all);
        var merged = BruteForceReference.Of(all);
        AssertKept(promised, before.Frames - merged.Frames);
        ProcessContents.AssertEqual(contents, ProcessContents.Of(all));

        Assert.Equal(0, SamepageCommand.Run("disable", "--pid", Pids(all)).Status);
        var after = BruteForceReference.Of(all);
        Assert.Equal(lonersBefore.Counts, BruteForceReference.Of(loners).Counts);
        Assert.Equal((before.Present, before.Distinct, 0), (after.Present, after.Distinct, after.KsmMerged));

        // A page that parent and child shared before it was merged is given back to each: only what was not merged is shared.
        Assert.Equal(merged.AlreadyShared - merged.AlreadySharedByKsm, after.AlreadyShared);
        ProcessContents.AssertEqual(contents, ProcessContents.Of(all));
        AssertFlipIsNoticed(contents, all);
    }

    [Theory]
    [InlineData("duplicates")]
    [InlineData("nearly")]
    [InlineData("zeros")]
    [InlineData("zero-frame")]
    [InlineData("holes")]
    [InlineData("huge")]
    [InlineData("private-file")]
    [InlineData("shared")]
    [InlineData("reserve")]
    [InlineData("guard")]
    [InlineData("protected")]
    [InlineData("locked")]
    [InlineData("fork")]
    public void Each_kind_of_memory_keeps_its_promise(string layout)
    {
        var all = _programs.Start("seed=1", layout);
        all.AddRange(_programs.Start("seed=2", layout));
        var before = BruteForceReference.Of(all);
        var promised = Promise(all);
        Merge(all);
        AssertKept(promised, before.Frames - BruteForceReference.Of(all).Frames);
    }

    /// <summary>Where the kernel splits a huge page it may put its own zero page in, and then it stays there: the better for all.</summary>
    [Fact]
    public void Huge_pages_come_back_as_small_ones_with_the_same_contents()
    {
        var all = _programs.Start("seed=1", "huge", "duplicates");
        all.AddRange(_programs.Start("seed=2", "huge"));
        var before = BruteForceReference.Of(all);
        var contents = ProcessContents.Of(all);
        Merge(all);
        Assert.Equal(0, SamepageCommand.Run("disable", "--pid", Pids(all)).Status);
        var after = BruteForceReference.Of(all);
        Assert.Equal((before.Present, before.Distinct, before.Savable, 0), (after.Present, after.Distinct, after.Savable, after.KsmMerged));
        Assert.Equal(before.Frames - before.Zero, after.Frames - after.Zero);
        ProcessContents.AssertEqual(contents, ProcessContents.Of(all));
    }

    [Fact]
    public void Zero_pages_that_go_to_the_kernels_own_come_back_too()
    {
        _ksmd.Ksm.Write("use_zero_pages", 1);
        var all = _programs.Start("seed=1", "zeros", "duplicates");
        all.AddRange(_programs.Start("seed=2", "zeros", "unique"));
        var before = BruteForceReference.Of(all);
        var contents = ProcessContents.Of(all);
        var promised = Promise(all);
        Merge(all);
        AssertKept(promised, before.Frames - BruteForceReference.Of(all).Frames);
        Assert.True(_ksmd.Ksm.ZeroPages > 1300, $"{_ksmd.Ksm.ZeroPages} pages went to the kernel's zero page");
        Assert.Equal(0, SamepageCommand.Run("disable", "--pid", Pids(all)).Status);
        Assert.Equal(before.Counts, BruteForceReference.Of(all).Counts);
        ProcessContents.AssertEqual(contents, ProcessContents.Of(all));
    }

    private static string Pids(List<int> pids) => string.Join(',', pids);

    private static long Promise(List<int> pids)
    {
        var totals = SamepageCommand.Json(0, "estimate", "--pid", Pids(pids)).GetProperty("totals");
        return Number(totals, "savable_pages") + (Number(totals, "zero_savable_bytes") / 4096);
    }

    private static long Number(JsonElement element, string name) => element.GetProperty(name).GetInt64();

    private void Merge(List<int> pids)
    {
        Assert.Equal(0, SamepageCommand.Run("enable", "--pid", Pids(pids)).Status);
        _ksmd.Start();
        var status = SamepageCommand.Json(0, "status", "--wait", "--timeout", "60s");
        Assert.Equal("converged", status.GetProperty("convergence").GetProperty("state").GetString());
    }

    private static void AssertKept(long promised, long achieved)
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"promised {promised} pages, achieved {achieved}");
        Assert.True(promised > 0, "nothing was promised");
        Assert.True(Math.Abs(achieved - promised) <= promised * Tolerance, $"promised {promised} pages, achieved {achieved}");
    }

    /// <summary>The positive control: one bit in one page of one program.</summary>
    private static void AssertFlipIsNoticed(Dictionary<(int Pid, long Address), string> contents, List<int> pids)
    {
        var pages = contents.Keys.Where(page => page.Pid == pids[0]).ToList();
        var victim = pages[pages.Count / 2];
        ProcessContents.FlipBit(victim.Pid, victim.Address + 1234);
        var changed = ProcessContents.Of(pids);
        Assert.NotEqual(contents[victim], changed[victim]);
        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => ProcessContents.AssertEqual(contents, changed));
    }
}
