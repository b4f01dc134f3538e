using System.Diagnostics;
using Samepage.Bench.Measuring;

namespace Samepage.Bench.Contest;

/// <summary>One peer's turn: fresh guests, their work before, while and after they are merged, and what became of them.</summary>
internal sealed class ContestTrial(ContestPlan plan, string peer, int repetition, IMerging engine)
{
    /// <summary>No growth for so long is the end, where something was saved at all: the longest pause between two looks of anyone who is not slow by design.</summary>
    private const double QuietSeconds = 12;

    /// <summary>The guest's kernel and its server have yet to settle when they have just come up.</summary>
    private static readonly TimeSpan s_warmUp = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(100);

    private readonly List<Progress> _way = [];
    private readonly List<(double At, LoadLap Lap)> _laps = [];

    /// <summary>When it last grew, in seconds since it began.</summary>
    private double _grewAt;

    /// <summary>Runs it to its end.</summary>
    public TrialResult Run()
    {
        using var guests = new ServedGuests(plan, engine.Environment);
        using var load = new LoadGenerator(plan, guests.Ports);
        using var look = new FrameLook(guests.Pids);
        load.Fill();
        load.Pace();
        Thread.Sleep(s_warmUp);
        var before = load.Over(plan.BeforeSeconds);
        var start = look.Count();
        var (slabs, memory) = (Slabs.Read(), HostMemory.Steady(TimeSpan.FromSeconds(1)));
        _ = load.Lap();
        engine.Begin(guests.Pids);
        var isSettled = Converge(load, start.OraclePages);
        var (cpu, clock) = (engine.CpuSeconds, Stopwatch.StartNew());
        var after = load.Over(plan.AfterSeconds);
        var steady = (engine.CpuSeconds - cpu) / clock.Elapsed.TotalSeconds;
        var account = engine.Account;
        var metadata = Metadata.Between(slabs, memory, HostMemory.Steady(TimeSpan.FromSeconds(1)), account, start.Pages);
        load.Hold();
        var flat = load.Flat(plan.FlatSeconds);
        var end = look.Count(account.SegmentBytes / 4096);
        var converged = _way.LastOrDefault(step => step.Seconds <= _grewAt);
        return new TrialResult
        {
            Peer = peer,
            Repetition = repetition,
            IsSettled = isSettled,
            SettledSeconds = _grewAt,
            OraclePagesAtStart = start.OraclePages,
            End = end,
            SecondsTo50 = Convergence.At(_way, start.OraclePages * 0.5)?.Seconds,
            SecondsTo90 = Convergence.At(_way, start.OraclePages * 0.9)?.Seconds,
            SecondsTo95 = Convergence.At(_way, start.OraclePages * 0.95)?.Seconds,
            CpuSeconds = converged.CpuSeconds,
            SteadyCpuShare = steady,
            MetadataBytesAPage = metadata.BytesAPage,
            MetadataBytes = (long)(metadata.BytesAPage * start.Pages),
            Before = before.Latency,
            Converging = LoadLap.Sum(_laps.Where(lap => isSettled ? lap.At <= _grewAt + 1 : true).Select(lap => lap.Lap)).Latency,
            After = after.Latency,
            FlatRequestsASecond = flat.DoneASecond,
            EngineWindowMillisecondsMax = account.StallMaxMicroseconds / 1000,
            EngineWindowMilliseconds999 = account.StallMicroseconds999 / 1000,
            GuestsVerified = guests.Verify(),
            Way = [.. _way.Where((_, at) => at % 5 == 0).Select(step => new WayPoint(
                Math.Round(step.Seconds, 2), Math.Round(step.CpuSeconds, 3), Math.Round((double)step.SavedPages / start.OraclePages, 4)))],
        };
    }

    /// <summary>Watches until nothing more is saved; says whether that was before the time was up.</summary>
    private bool Converge(LoadGenerator load, long oraclePages)
    {
        var (watch, floor, floorPasses, lapAt, limit) = (Stopwatch.StartNew(), 0L, 0.0, 0.0, plan.ConvergeSecondsMax);
        if (peer == "none")
        {
            // As long as those who are quick take; nothing happens here however long one waits.
            limit = Math.Min(limit, 2 * QuietSeconds);
        }

        for (; watch.Elapsed.TotalSeconds < limit; Thread.Sleep(s_look))
        {
            var now = new Progress(watch.Elapsed.TotalSeconds, engine.CpuSeconds, engine.SavedPages);
            _way.Add(now);
            var isLap = now.Seconds - lapAt >= 1;
            if (isLap)
            {
                lapAt = now.Seconds;
                _laps.Add((now.Seconds, load.Lap()));
            }

            if (IsGrowth(now.SavedPages, floor))
            {
                (floor, floorPasses, _grewAt) = (now.SavedPages, engine.Passes, now.Seconds);
            }
            else if (isLap && floor > oraclePages / 20 && IsQuiet(now.Seconds - _grewAt, floorPasses))
            {
                return true;
            }
        }

        _laps.Add((watch.Elapsed.TotalSeconds, load.Lap()));
        _grewAt = watch.Elapsed.TotalSeconds;
        return peer == "none";
    }

    /// <summary>Whether a saving has grown beyond an earlier one by more than comes and goes.</summary>
    public static bool IsGrowth(long savedPages, long before) => savedPages > before + Math.Max(64, before / 500);

    private bool IsQuiet(double seconds, double passesThen) => seconds > QuietSeconds
        || (seconds > engine.QuietTime.TotalSeconds && engine.Passes - passesThen >= engine.QuietPasses);
}
