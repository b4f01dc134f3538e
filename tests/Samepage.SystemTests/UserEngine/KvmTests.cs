using System.Globalization;

namespace Samepage.SystemTests.UserEngine;

/// <summary>
/// Merging under the page tables that KVM keeps for a guest of our own (Targets/user_kvm.c), which checks all its
/// memory in each round.
/// </summary>
public sealed class KvmTests
{
    private const string Program = "user_kvm";

    [Fact]
    public void Nothing_is_wrong_without_merging() =>
        IntegrityProgram.RunUnmerged(Program, "--rounds", "100", "--seconds", "10").AssertClean();

    [Theory]
    [InlineData("overwrite")]
    [InlineData("drop")]
    [InlineData("stale")]
    public void The_guest_notices_what_the_host_breaks(string way)
    {
        var summary = IntegrityProgram.RunUnmerged(Program, "--seconds", "30", "--break", way);
        summary.AssertCaught();

        // Whoever looks first, the guest or the host that reads its memory, ends the run.
        Assert.True(summary["seen_by_guest"] + summary["seen_by_host"] > 0, summary.Line);
    }

    [Theory]
    [InlineData(MergingWay.Library)]
    [InlineData(MergingWay.Preload)]
    public void A_guest_finds_all_its_memory_as_it_wrote_it(MergingWay way)
    {
        var summary = IntegrityProgram.RunMerged(
            Program, way, null, "--seconds", Campaign.SoakSeconds.ToString(CultureInfo.InvariantCulture));
        summary.AssertClean();
        summary.AssertMerged(4096);
        Assert.True(summary["cow_breaks"] > 1000, summary.Line);
    }

    [Fact]
    public void An_engine_that_does_not_compare_is_caught()
    {
        var summary = IntegrityProgram.RunMerged(
            Program, MergingWay.Library, "skip-compare", "--seconds", "60", "--stop-at-wrong", "1");
        summary.AssertCaught();

        // Whoever looks first, the guest or the host that reads its memory, ends the run.
        Assert.True(summary["seen_by_guest"] + summary["seen_by_host"] > 0, summary.Line);
    }
}
