using System.Diagnostics;
using Samepage.Bench.Measuring;
using Samepage.Governing;
using Samepage.Linux.Proc;
using Samepage.Linux.Sys;
using Samepage.Scenarios;

namespace Samepage.Bench.Peers;

/// <summary>What a trial is made of.</summary>
/// <param name="Length">How long a peer works.</param>
/// <param name="Guests">Guests that are up when it begins.</param>
/// <param name="Megabytes">Of each.</param>
/// <param name="ArriveEvery">Another guest is started so often; zero: none.</param>
/// <param name="ChurnMegabytes">What each guest writes anew over and over, a megabyte a second; 0: nothing.</param>
internal sealed record GovernPlan(TimeSpan Length, int Guests, int Megabytes, TimeSpan ArriveEvery, int ChurnMegabytes)
{
    /// <summary>When guests arrive; the last early enough to be seen for as long as the others.</summary>
    public IEnumerable<TimeSpan> Arrivals => ArriveEvery == TimeSpan.Zero
        ? []
        : Enumerable.Range(1, 100).Select(at => at * ArriveEvery).TakeWhile(at => at < Length);
}

/// <summary>Eight guests and more that arrive, under one peer: what it saved over time, and what that cost.</summary>
internal sealed class GovernTrial(GovernPlan plan, IPeer peer, KsmSysfs ksm) : IDisposable
{
    private static readonly TimeSpan s_sampleEvery = TimeSpan.FromSeconds(1);
    private readonly KsmdThread _ksmd = new(new ProcFs(PidNamespace.HostProc ?? "/proc"));
    private readonly List<ProgramFleet> _fleets = [];
    private readonly List<Arrival> _arrivals = [];
    private readonly List<GovernSample> _samples = [];

    /// <summary>Runs it to its end.</summary>
    public GovernOutcome Run()
    {
        StartGuests(plan.Guests, 1);
        var (arrivals, watch) = (new Queue<TimeSpan>(plan.Arrivals), Stopwatch.StartNew());
        var cpuBefore = _ksmd.CpuSeconds!.Value;
        peer.Begin();
        for (var at = TimeSpan.Zero; at <= plan.Length; at += s_sampleEvery)
        {
            Thread.Sleep(at > watch.Elapsed ? at - watch.Elapsed : TimeSpan.Zero);
            if (arrivals.TryPeek(out var due) && watch.Elapsed >= due)
            {
                arrivals.Dequeue();
                _arrivals.Add(Arrival.Begin(() => StartGuests(1, plan.Guests + _arrivals.Count), watch));
            }

            _samples.Add(new GovernSample(watch.Elapsed.TotalSeconds, ksm.SavedPages, _ksmd.CpuSeconds!.Value - cpuBefore, peer.CpuSeconds, peer.ResidentBytes));
            _arrivals.ForEach(arrival => arrival.Look(watch.Elapsed.TotalSeconds));
        }

        return new GovernOutcome(peer.Name, _samples, [.. _arrivals.Select(arrival => arrival.Outcome())]);
    }

    public void Dispose()
    {
        peer.Dispose();
        _arrivals.ForEach(arrival => arrival.Wait());
        _fleets.ForEach(fleet => fleet.Dispose());
    }

    private ProgramFleet StartGuests(int count, int firstNumber)
    {
        var fleet = GuestRecipe.Fleet(GuestRecipe.Alike(count, plan.Megabytes), NativeProgram.NoEnvironment, plan.ChurnMegabytes, firstNumber);
        lock (_fleets)
        {
            _fleets.Add(fleet);
        }

        fleet.Start(null, CancellationToken.None);
        return fleet;
    }

    /// <summary>A guest that is started beside the sampling.</summary>
    private sealed class Arrival(Stopwatch watch)
    {
        private readonly List<(double At, long Pages)> _merging = [];
        private Task? _start;
        private ProgramFleet? _fleet;
        private double _upAt;

        public static Arrival Begin(Func<ProgramFleet> start, Stopwatch watch)
        {
            var arrival = new Arrival(watch);
            arrival._start = Task.Run(() =>
            {
                var fleet = start();
                arrival._upAt = arrival.Now;
                Volatile.Write(ref arrival._fleet, fleet);
            });
            return arrival;
        }

        private double Now => watch.Elapsed.TotalSeconds;

        public void Look(double now)
        {
            if (Volatile.Read(ref _fleet) is { } fleet && KsmStat.TryRead(new ProcFs(), fleet.Programs[0].Pid) is { } stat)
            {
                _merging.Add((now - _upAt, stat.MergingPages + stat.ZeroPages));
            }
        }

        public void Wait() => _start!.Wait();

        public ArrivalOutcome Outcome()
        {
            long After(double seconds) => _merging.LastOrDefault(look => look.At <= seconds).Pages;
            var most = _merging.Count == 0 ? 0 : _merging.Max(look => look.Pages);
            var reached = _merging.FirstOrDefault(look => look.Pages >= 0.9 * most);
            return new ArrivalOutcome(_upAt, After(10), After(20), After(60), most, reached.At);
        }
    }
}

/// <summary>One second of a trial; times since it began, in seconds.</summary>
internal readonly record struct GovernSample(double At, long SavedPages, double KsmdCpuSeconds, double PeerCpuSeconds, long PeerResidentBytes);

/// <summary>Pages of a newcomer that were merged so many seconds after it was up, the most that ever were, and when 90 % of those were.</summary>
internal sealed record ArrivalOutcome(double UpAt, long PagesAfter10, long PagesAfter20, long PagesAfter60, long PagesMost, double SecondsTo90Percent);

/// <summary>What a peer did.</summary>
internal sealed record GovernOutcome(string Name, IReadOnlyList<GovernSample> Samples, IReadOnlyList<ArrivalOutcome> Arrivals)
{
    /// <summary>Memory saved times time, by trapezoids.</summary>
    public double GigabyteSeconds => Samples.Zip(Samples.Skip(1)).Sum(
        pair => (pair.Second.At - pair.First.At) * (pair.First.SavedPages + pair.Second.SavedPages) / 2.0 * 4096 / 1e9);

    /// <summary>ksmd and whatever paces it.</summary>
    public double CpuSeconds => Samples[^1].KsmdCpuSeconds + Samples[^1].PeerCpuSeconds - Samples[0].PeerCpuSeconds;

    /// <summary>The share of one core that both took in the last half.</summary>
    public double LateShare => Share(sample => sample.KsmdCpuSeconds + sample.PeerCpuSeconds);

    /// <summary>The same of the peer alone.</summary>
    public double PeerLateShare => Share(sample => sample.PeerCpuSeconds);

    /// <summary>The most that ksmd took of one core over any minute.</summary>
    public double BusiestMinuteShare => Samples.Select((from, at) => (From: from, To: Samples[Math.Min(Samples.Count - 1, at + 60)]))
        .Where(pair => pair.To.At > pair.From.At + 59)
        .Select(pair => (pair.To.KsmdCpuSeconds - pair.From.KsmdCpuSeconds) / (pair.To.At - pair.From.At))
        .DefaultIfEmpty().Max();

    public long PeerResidentBytesMost => Samples.Max(sample => sample.PeerResidentBytes);

    private double Share(Func<GovernSample, double> of)
    {
        var (middle, last) = (Samples[Samples.Count / 2], Samples[^1]);
        return (of(last) - of(middle)) / (last.At - middle.At);
    }
}
