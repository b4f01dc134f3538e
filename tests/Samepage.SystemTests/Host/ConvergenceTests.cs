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
        using var ksmd = KsmdLease.Take();
        using var first = Hold("process", 8_000, 1);
        using var second = Hold("process", 8_000, 1);
        ksmd.Start(2_000, isSmart);
        var saved = WaitAndStay(ksmd, first, second);
        Assert.True(saved >= 8_000, $"{saved} pages");
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
        using var ksmd = KsmdLease.Take();
        using var first = Hold("process", 2_000, 1);
        ksmd.Start(4_300, isSmart: true);
        ksmd.WaitFullScans(age);
        using var second = Hold("process", 2_000, 1);
        WaitAndStay(ksmd, first, second);
    }

    [Fact]
    public void Aged_processes_that_write_the_same_anew()
    {
        using var ksmd = KsmdLease.Take();
        using var first = Hold("region", 2_000, 1);
        using var second = Hold("region", 2_000, 2);
        WriteTheSameWhenAged(ksmd, first, second);
        Assert.True(WaitAndStay(ksmd, first, second) >= 2_000);
    }

    /// <summary>Lets ksmd get used to two processes that hold nothing in common, and has them write the same.</summary>
    private static void WriteTheSameWhenAged(KsmdLease ksmd, PageHolder first, PageHolder second)
    {
        ksmd.Start(4_300, isSmart: true);
        ksmd.WaitFullScans(25);
        first.Fill(3);
        second.Fill(3);
    }

    /// <summary>The positive control: three quiet passes, which would do without smart scan, are too few here.</summary>
    [Fact]
    public void Three_quiet_passes_are_too_few_under_smart_scan()
    {
        using var ksmd = KsmdLease.Take();
        using var first = Hold("region", 2_000, 1);
        using var second = Hold("region", 2_000, 2);
        WriteTheSameWhenAged(ksmd, first, second);
        ksmd.WaitFullScans((int)ConvergenceTracker.PlainPasses);
        var early = ksmd.Ksm.SavedPages;
        ksmd.WaitFullScans(20);
        Assert.True(ksmd.Ksm.SavedPages > early + 1_000, $"{early} pages after three passes, {ksmd.Ksm.SavedPages} after more");
    }

    private static PageHolder Hold(string optIn, int pages, int seed) => new(optIn, pages, contents: pages, seed);

    private static long WaitAndStay(KsmdLease ksmd, params PageHolder[] holders)
    {
        var verdict = new ConvergenceWaiter(() => ConvergenceSample.Take(ksmd.Ksm), TimeSpan.FromMilliseconds(5)).Wait(s_limit, null, Cancel);
        Assert.True(verdict.State == Convergence.Converged, verdict.Reason);
        var (saved, merged) = (ksmd.Ksm.SavedPages, Merged());
        ksmd.WaitFullScans(25);
        Assert.True(Merged() <= merged + Math.Max(1, merged / 1000), $"{verdict.Reason} at {merged} pages, then {Merged()}");
        return saved;

        // Only their own: other processes of the machine may come and go.
        long Merged() => holders.Sum(holder => holder.MergedPages);
    }
}
