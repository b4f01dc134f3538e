namespace Samepage.SystemTests.UserEngine;

/// <summary>
/// The calls that programs make on their memory mean over merged pages what they mean anywhere. Each scenario is done to
/// twins, of which one is merged: same results, same mappings, same bytes. Three kinds of runs: nobody merges (the
/// scenarios are sound), a merger that guards no call (they do notice), and the engine.
/// </summary>
public class CallTests
{
    /// <summary>What must come to light where pages are merged and nobody looks after the program's calls.</summary>
    private static readonly string[] s_unguarded =
    [
        "mremap grow in place", "mremap and grow", "mremap DONTUNMAP", "mprotect none and discard", "MADV_DONTNEED whole", "MADV_FREE whole",
        "MADV_REMOVE parts", "MADV_WIPEONFORK whole", "MADV_DONTFORK before", "MADV_DONTDUMP before", "mlock before", "guard", "discard and write",
    ];

    [Theory]
    [InlineData("user_calls_map")]
    [InlineData("user_calls_advice")]
    public void Scenarios_hold_where_nobody_merges(string program)
    {
        using var domain = new TestDomain("calls", needsEngine: false);
        AssertDone(domain.Run("plain", program));
    }

    [Theory]
    [InlineData("user_calls_map")]
    [InlineData("user_calls_advice")]
    public void Calls_keep_their_meaning_over_merged_pages(string program)
    {
        using var domain = new TestDomain("calls");
        AssertDone(domain.Run("preload", program));
        domain.AssertNothingIsLeft();
    }

    [Fact]
    public void A_merger_that_guards_no_call_is_caught()
    {
        using var domain = new TestDomain("calls", needsEngine: false);
        var lines = domain.Run("naive", "user_calls_map").Output.Split('\n').Concat(domain.Run("naive", "user_calls_advice").Output.Split('\n')).ToList();
        foreach (var scenario in s_unguarded)
        {
            Assert.Contains($"unlike {scenario}", lines);
        }
    }

    [Theory]
    [InlineData("bit")]
    [InlineData("zeros")]
    [InlineData("access")]
    [InlineData("mapped")]
    [InlineData("result")]
    public void A_planted_difference_is_caught(string plant)
    {
        using var domain = new TestDomain("calls", needsEngine: false);
        var (status, output) = domain.Run("plain", "user_calls_map", "munmap last", plant);
        Assert.Equal(1, status);
        Assert.Contains("unlike munmap last", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("unmergeable")]
    [InlineData("mlockall")]
    [InlineData("mlockall-future")]
    [InlineData("mlockall-future-before")]
    [InlineData("mixed")]
    [InlineData("stack")]
    [InlineData("foreign")]
    [InlineData("spawn")]
    [InlineData("exec")]
    [InlineData("userfault-before")]
    [InlineData("userfault-protects")]
    [InlineData("core")]
    public void Scenes_end_well_with_merging_and_without(string scene)
    {
        using var domain = new TestDomain("scene");
        AssertDone(domain.Run("plain", "user_calls", scene));
        AssertDone(domain.Run("preload", "user_calls", scene));
        domain.AssertNothingIsLeft();
    }

    [Theory]
    [InlineData("fork")]
    [InlineData("advise")]
    [InlineData("churn")]
    [InlineData("discard")]
    public void Threads_call_while_merging_is_eager(string scene)
    {
        using var domain = new TestDomain("threads");
        AssertDone(domain.Run("preload", "user_threads", scene, Campaign.Seconds(1.5)));
        var (status, output) = domain.Run("preload", "user_threads", scene, "1", "plant");
        Assert.True(status == 1 && output.Contains("other bytes", StringComparison.Ordinal), $"a planted bit was not noticed: {output}");
        domain.AssertNothingIsLeft();
    }

    /// <summary>The kernel's merging and ours on the same range.</summary>
    [Fact]
    public void Ksmd_may_merge_the_same_range()
    {
        using var ksmd = KsmdLease.Take();
        using var domain = new TestDomain("ksm");
        using var program = domain.Start("user_calls", "ksm");
        program.Expect("ready");
        ksmd.Start();

        // The first may have begun before the program came; then one to see what changes, and one to merge.
        ksmd.WaitFullScans(4);
        Assert.True(ksmd.Ksm.Number("pages_sharing") > 100, "ksmd has merged nothing");
        program.WriteLine("go");
        Assert.Equal("", program.Expect("done", TimeSpan.FromSeconds(60)));
    }

    [Fact]
    public void The_library_answers_as_its_header_says()
    {
        using var domain = new TestDomain("abi");
        AssertDone(domain.Run("abi", "user_abi", domain.Name));
        domain.AssertNothingIsLeft();
    }

    private static void AssertDone((int Status, string Output) run)
    {
        TestContext.Current.TestOutputHelper?.WriteLine(run.Output);
        var last = run.Output.TrimEnd().Split('\n')[^1];
        Assert.SkipWhen(run.Output.StartsWith("skipped", StringComparison.Ordinal), last);
        Assert.True(run.Status == 0 && last.StartsWith("done", StringComparison.Ordinal), $"exit status {run.Status}:\n{run.Output}");
    }
}
