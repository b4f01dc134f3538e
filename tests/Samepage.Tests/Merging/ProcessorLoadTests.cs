using Samepage.Linux.Proc;
using Samepage.Merging.User.Engine;

namespace Samepage.Tests.Merging;

/// <summary>When an engine takes the processors for busy.</summary>
public sealed class ProcessorLoadTests : IDisposable
{
    private readonly TemporaryTree _proc = new();
    private readonly ProcessorLoad _load;
    private long _busyTicks;
    private TimeSpan _now;

    public ProcessorLoadTests()
    {
        _load = new ProcessorLoad(new ProcFs(_proc.Root));
        Spend(0, TimeSpan.Zero);
    }

    public void Dispose() => _proc.Dispose();

    [Fact]
    public void Processors_are_busy_until_they_were_seen_to_be_idle_and_a_little_more_makes_them_busy_again()
    {
        Assert.True(_load.IsBusy);
        Spend(0.05, TimeSpan.FromSeconds(2));
        Assert.False(_load.IsBusy);

        // Between the two bounds nothing changes, whence ever it comes.
        Spend(0.08, TimeSpan.FromSeconds(10));
        Assert.False(_load.IsBusy);
        Spend(0.15, TimeSpan.FromSeconds(10));
        Assert.True(_load.IsBusy);
        Spend(0.08, TimeSpan.FromSeconds(10));
        Assert.True(_load.IsBusy);
        Spend(0.06, TimeSpan.FromSeconds(10));
        Assert.False(_load.IsBusy);
    }

    [Fact]
    public void The_file_is_read_every_ten_seconds_only()
    {
        Spend(0, TimeSpan.FromSeconds(2));
        Assert.False(_load.IsBusy);
        Spend(1, TimeSpan.FromSeconds(9));
        Assert.False(_load.IsBusy);
        Spend(1, TimeSpan.FromSeconds(1));
        Assert.True(_load.IsBusy);
    }

    [Fact]
    public void Where_nothing_is_known_they_are_busy()
    {
        _proc.Remove("stat");
        _load.Observe(TimeSpan.FromSeconds(2));
        _load.Observe(TimeSpan.FromSeconds(20));
        Assert.True(_load.IsBusy);
    }

    /// <summary>Two processors, of whose time a part is spent.</summary>
    private void Spend(double share, TimeSpan time)
    {
        _now += time;
        _busyTicks += (long)(share * time.TotalSeconds * 2 * 100);
        _proc["stat"] = $"cpu  {_busyTicks} 0 0 5000 0 0 0 0 0 0\ncpu0 {_busyTicks} 0 0 2500 0 0 0 0 0 0\ncpu1 0 0 0 2500 0 0 0 0 0 0\nintr 1\n";
        _load.Observe(_now);
    }
}
