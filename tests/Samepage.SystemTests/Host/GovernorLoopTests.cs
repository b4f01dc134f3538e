using Samepage.Governing;
using Samepage.Linux.Proc;

namespace Samepage.SystemTests.Host;

/// <summary>The governor with the real ksmd in its hands.</summary>
public class GovernorLoopTests
{
    private const int Pages = 20_000;

    [Fact]
    public void Two_newcomers_are_merged_and_the_settings_put_back()
    {
        using var ksmd = KsmdLease.Take();
        var before = ksmd.Settings();
        var state = Directory.CreateTempSubdirectory("samepage-governor-");
        var decisions = new List<GovernorDecision>();
        try
        {
            using var first = new PageHolder("region", Pages, Pages, 1);
            using var second = new PageHolder("region", Pages, Pages, 1);
            Govern(ksmd, Path.Combine(state.FullName, "kept"), decisions, () => first.MergedPages + second.MergedPages >= 2 * Pages * 9 / 10);

            Assert.True(first.MergedPages + second.MergedPages >= 2 * Pages * 9 / 10, string.Join('\n', decisions.Select(decision => $"{decision.At} {decision.Reason}")));
            first.AssertIntact();
            second.AssertIntact();
        }
        finally
        {
            state.Delete(recursive: true);
        }

        Assert.Contains(decisions, decision => decision.Mode == GovernorMode.Working && decision.Reason.Contains("eligible: burst", StringComparison.Ordinal));
        Assert.Equal(before, ksmd.Settings());
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', decisions.Select(
            decision => $"{decision.At.TotalSeconds:0.00} {decision.Order.PagesToScan}/{decision.Order.SleepMilliseconds} {decision.Reason}; {decision.BudgetLeftSeconds:0.00} CPU-seconds left")));
    }

    private static void Govern(KsmdLease ksmd, string state, List<GovernorDecision> decisions, Func<bool> isDone)
    {
        var proc = new ProcFs();
        var sampler = new HostSampler(proc, ksmd.Ksm, new KsmdThread(proc), TimeProvider.System);

        // Nothing else on this machine has any say in how the test goes.
        var governor = new Governor(new GovernorOptions { CpuPressure = (101, 100), OthersBusy = (2, 1), AvailableShare = (-1, 0), MemoryPressure = (101, 100) });
        using var cancel = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        using var scan = KernelScan.Take(ksmd.Ksm, state, proc);
        new GovernorLoop(() => sampler.Take(), governor, scan).Run(
            (decision, notes) =>
            {
                Assert.Empty(notes);
                decisions.Add(decision);
                if (isDone())
                {
                    cancel.Cancel();
                }
            }, cancel.Token);
    }
}
