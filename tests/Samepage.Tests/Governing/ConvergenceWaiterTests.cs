using Samepage.Governing;

namespace Samepage.Tests.Governing;

public class ConvergenceWaiterTests
{
    private static ConvergenceWaiter Waiter(Func<int, long> saved)
    {
        var pass = 0;
        return new ConvergenceWaiter(
            () => new ConvergenceSample(DateTimeOffset.UnixEpoch, true, pass, saved(pass++), 100, 0), TimeSpan.FromMilliseconds(2));
    }

    [Fact]
    public void It_waits_for_three_passes_after_the_last_growth()
    {
        var looks = new List<long>();
        var verdict = Waiter(pass => Math.Min(pass, 7)).Wait(
            null, (sample, _) => looks.Add(sample.FullScans), TestContext.Current.CancellationToken);
        Assert.Equal(Convergence.Converged, verdict.State);
        Assert.Equal(10, looks[^1]);
    }

    [Fact]
    public void The_time_limit_ends_the_wait_with_the_truth() =>
        Assert.Equal(Convergence.Growing, Waiter(pass => pass * 10).Wait(
            TimeSpan.FromMilliseconds(50), null, TestContext.Current.CancellationToken).State);

    [Fact]
    public void Cancelling_ends_the_wait()
    {
        using var cancel = new CancellationTokenSource();
        var verdict = Waiter(pass => pass).Wait(
            null, (sample, _) => { if (sample.FullScans == 3) { cancel.Cancel(); } }, cancel.Token);
        Assert.Equal(Convergence.Growing, verdict.State);
    }
}
