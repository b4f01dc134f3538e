using Samepage.Governing;

namespace Samepage.SystemTests.Host;

/// <summary>The rule against the real ksmd: whenever it says converged, merging is over.</summary>
public class ConvergenceTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(90);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Two_equal_processes(bool isSmart)
    {
        Assert.SkipUnless(HostTool.IsRoot, "needs root");
        using var ksmd = new KsmdInUse(2_000, isSmart);
        ksmd.Hold("process", 8_000, 1);
        ksmd.Hold("process", 8_000, 1);
        ksmd.StartKsmd();
        var saved = WaitAndStay(ksmd);
        Assert.InRange(saved, 8_000, 8_200);
    }

    /// <summary>
    /// The long pauses of smart scan: a process arrives beside one that is aged. Whether and when they merge depends on
    /// the age, so several are tried; none may merge after "converged" was said.
    /// </summary>
    [Theory]
    [InlineData(14)]
    [InlineData(16)]
    [InlineData(18)]
    [InlineData(21)]
    public void A_process_that_arrives_beside_an_aged_one(int age)
    {
        Assert.SkipUnless(HostTool.IsRoot, "needs root");
        using var ksmd = new KsmdInUse(4_300, isSmart: true);
        ksmd.Hold("process", 2_000, 1);
        ksmd.StartKsmd();
        ksmd.LetPasses(age);
        ksmd.Hold("process", 2_000, 1);
        WaitAndStay(ksmd);
    }

    [Fact]
    public void Aged_processes_that_write_the_same_anew()
    {
        Assert.SkipUnless(HostTool.IsRoot, "needs root");
        using var ksmd = new KsmdInUse(4_300, isSmart: true);
        var (first, second) = (ksmd.Hold("region", 2_000, 1), ksmd.Hold("region", 2_000, 2));
        ksmd.StartKsmd();
        ksmd.LetPasses(25);
        KsmdInUse.Rewrite(first, 3);
        KsmdInUse.Rewrite(second, 3);
        Assert.InRange(WaitAndStay(ksmd), 2_000, 2_100);
    }

    /// <summary>The positive control: three quiet passes, which would do without smart scan, are too few here.</summary>
    [Fact]
    public void Three_quiet_passes_are_too_few_under_smart_scan()
    {
        Assert.SkipUnless(HostTool.IsRoot, "needs root");
        using var ksmd = new KsmdInUse(4_300, isSmart: true);
        var (first, second) = (ksmd.Hold("region", 2_000, 1), ksmd.Hold("region", 2_000, 2));
        ksmd.StartKsmd();
        ksmd.LetPasses(25);
        KsmdInUse.Rewrite(first, 3);
        KsmdInUse.Rewrite(second, 3);
        ksmd.LetPasses((int)ConvergenceTracker.PlainPasses);
        var early = ksmd.Ksm.SavedPages;
        ksmd.LetPasses(20);
        Assert.True(ksmd.Ksm.SavedPages > early + 1_000, $"{early} pages after three passes, {ksmd.Ksm.SavedPages} after more");
    }

    private static long WaitAndStay(KsmdInUse ksmd)
    {
        var verdict = new ConvergenceWaiter(() => ConvergenceSample.Take(ksmd.Ksm), TimeSpan.FromMilliseconds(5)).Wait(s_limit, null, Cancel);
        Assert.True(verdict.State == Convergence.Converged, verdict.Reason);
        var saved = ksmd.Ksm.SavedPages;
        ksmd.LetPasses(25);
        Assert.True(ksmd.Ksm.SavedPages <= saved + Math.Max(1, saved / 1000), $"{verdict.Reason} at {saved} pages, then {ksmd.Ksm.SavedPages}");
        return saved;
    }
}
