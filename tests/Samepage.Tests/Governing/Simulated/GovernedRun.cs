using Samepage.Governing;

namespace Samepage.Tests.Governing.Simulated;

/// <summary>A simulated host in the hands of a governor, or of something that claims to be one.</summary>
/// <param name="host">The host.</param>
/// <param name="decide">From a sample, an order and the time of the next look.</param>
internal sealed class GovernedRun(SimulatedHost host, Func<HostSample, (ScanOrder Order, TimeSpan NextLook)> decide)
{
    private ScanOrder? _order;

    /// <summary>A run of the real governor.</summary>
    public static GovernedRun Of(SimulatedHost host, GovernorOptions options)
    {
        var governor = new Governor(options);
        GovernedRun? run = null;
        run = new GovernedRun(host, sample =>
        {
            var decision = governor.Decide(sample);
            run!.Decisions.Add(decision);
            return (decision.Order, decision.NextLook);
        });
        return run;
    }

    public List<GovernorDecision> Decisions { get; } = [];

    /// <summary>When settings were changed.</summary>
    public List<TimeSpan> Changes { get; } = [];

    public bool IsHeld { get; set; }

    public long? Promise { get; set; }

    /// <summary>Lets time go by under the governor's eyes.</summary>
    public void For(TimeSpan time)
    {
        for (var end = host.Now + time; host.Now < end;)
        {
            var (order, nextLook) = decide(host.Sample(Promise, IsHeld));
            if (_order is { } before && before != order)
            {
                Changes.Add(host.Now);
            }

            _order = order;
            host.Ksmd.Apply(order);
            var rest = end - host.Now;
            host.Advance(nextLook < rest ? nextLook : rest);
        }
    }

    public int ChangesWithin(TimeSpan from, TimeSpan until) => Changes.Count(at => at >= from && at < until);

    /// <summary>The most CPU time that ksmd took in any window of this length.</summary>
    public double BusiestWindow(double seconds)
    {
        var (most, first) = (0.0, 0);
        var log = host.CpuLog;
        for (var last = 0; last < log.Count; last++)
        {
            while (log[last].At - log[first].At > seconds)
            {
                first++;
            }

            most = Math.Max(most, log[last].CpuSeconds - (first == 0 ? 0 : log[first - 1].CpuSeconds));
        }

        return most;
    }
}
