using Samepage.Bench.Measuring;

namespace Samepage.Bench.Contest;

/// <summary>One turn of a peer beside guests that nobody merges: before it begins, until it has converged, and after.</summary>
/// <param name="plan">The guests, what is asked of them, and how long each phase is.</param>
/// <param name="peer">Who merges.</param>
/// <param name="turn">Which turn of it.</param>
internal sealed class SlowdownTrial(SlowdownPlan plan, string peer, int turn)
{
    /// <summary>As <see cref="ContestTrial"/>: so long without growth is the end; merging goes on for two seconds of each.</summary>
    private const int QuietStretches = 6;

    /// <summary>Where nothing is merged nothing converges; as long as those who are quick take.</summary>
    private const int StretchesWithoutMerging = 12;

    /// <summary>Runs it to its end.</summary>
    public SlowdownTurn Run(IPausableMerging engine)
    {
        using var fleets = new TwinFleets(plan, engine);

        // Who was started first is warm first, and would seem to get slower.
        _ = fleets.Ask(plan.WarmUp);
        var before = fleets.Ask(plan.Before);
        fleets.Begin();
        var way = Converge(fleets, engine);
        var converged = (Pages: engine.SavedPages, Cpu: engine.CpuSeconds);
        var clock = fleets.MergingSeconds;
        var after = fleets.Ask(Math.Max(1, plan.After - way.Quiet.Count));
        return new SlowdownTurn
        {
            Peer = peer,
            Turn = turn,
            IsSettled = way.IsSettled,
            SettledSeconds = Math.Round(way.Seconds, 2),
            SavedPages = converged.Pages,
            CpuSeconds = Math.Round(converged.Cpu, 3),
            SteadyCpuShare = Math.Round((engine.CpuSeconds - converged.Cpu) / (fleets.MergingSeconds - clock), 5),
            Before = SlowdownPhase.Of(before),
            Converging = SlowdownPhase.Of(way.Growing),
            After = SlowdownPhase.Of([.. way.Quiet, .. after]),
            GuestsVerified = fleets.Verify(),
        };
    }

    /// <summary>A stretch at a time until the saving has stopped growing. Those without growth at the end are of what comes after.</summary>
    private Way Converge(TwinFleets fleets, IPausableMerging engine)
    {
        var (all, floor, grewAt, grewSeconds) = (new List<TwinLaps>(), 0L, 0, 0.0);
        for (var stretch = 0; stretch < (peer == "none" ? StretchesWithoutMerging : plan.ConvergingMax); stretch++)
        {
            all.AddRange(fleets.Ask(1));
            if (engine.SavedPages is var saved && ContestTrial.IsGrowth(saved, floor))
            {
                (floor, grewAt, grewSeconds) = (saved, stretch, fleets.MergingSeconds);
            }
            else if (floor > 0 && stretch - grewAt >= QuietStretches)
            {
                return new Way(all[..(grewAt + 1)], all[(grewAt + 1)..], true, grewSeconds);
            }
        }

        return new Way(all, [], peer == "none", fleets.MergingSeconds);
    }

    private sealed record Way(IReadOnlyList<TwinLaps> Growing, IReadOnlyList<TwinLaps> Quiet, bool IsSettled, double Seconds);
}

/// <summary>One turn's figures.</summary>
internal sealed record SlowdownTurn
{
    public required string Peer { get; init; }
    public required int Turn { get; init; }

    /// <summary>Whether the saving had stopped growing when the time was up.</summary>
    public required bool IsSettled { get; init; }

    /// <summary>When it last grew, with the seconds left out in which merging stood still.</summary>
    public required double SettledSeconds { get; init; }
    public required long SavedPages { get; init; }
    public required double CpuSeconds { get; init; }

    /// <summary>Of a core, after that.</summary>
    public required double SteadyCpuShare { get; init; }
    public required SlowdownPhase Before { get; init; }
    public required SlowdownPhase Converging { get; init; }
    public required SlowdownPhase After { get; init; }
    public required int GuestsVerified { get; init; }

    /// <summary>How p95 by that of the guests beside them has changed from what it was before: two fleets are never quite alike.</summary>
    public RatioEstimate Slowdown(Func<SlowdownTurn, SlowdownPhase> phase) => phase(this).P95 / Before.P95;

    /// <summary>The same of the processors' time that the guests take for what they are asked.</summary>
    public RatioEstimate CpuGrowth(Func<SlowdownTurn, SlowdownPhase> phase) => phase(this).Cpu / Before.Cpu;

    /// <summary>The slowdown by p95 of all requests of a phase; its slowest moments, whosever they are, decide.</summary>
    public double WholeSlowdown(Func<SlowdownTurn, SlowdownPhase> phase) => phase(this).WholeRatio / Before.WholeRatio;
}

/// <summary>What both fleets answered in one phase, all in all and stretch by stretch.</summary>
internal sealed record SlowdownPhase(Latency Merged, Latency Plain, IReadOnlyList<SlowdownStretch> Stretches)
{
    /// <summary>p95 of the one by that of the other in the same few seconds: what the machine does for longer than that falls out.</summary>
    public RatioEstimate P95 => RatioEstimate.Of(Stretches.Select(stretch => stretch.MergedP95 / stretch.PlainP95));

    /// <summary>Likewise, the processors' time that each took.</summary>
    public RatioEstimate Cpu => RatioEstimate.Of(Stretches.Select(stretch => stretch.MergedCpu / stretch.PlainCpu));

    /// <summary>p95 of all requests of the one by that of the other.</summary>
    public double WholeRatio => Merged.P95Milliseconds / Plain.P95Milliseconds;

    public static SlowdownPhase Of(IReadOnlyList<TwinLaps> laps) => new(
        LoadLap.Sum(laps.Select(lap => lap.Merged.Load)).Latency, LoadLap.Sum(laps.Select(lap => lap.Plain.Load)).Latency,
        [.. laps.Select(lap => new SlowdownStretch(
            Math.Round(lap.Merged.Load.Percentile(95), 4), Math.Round(lap.Plain.Load.Percentile(95), 4),
            Math.Round(lap.Merged.CpuShare, 4), Math.Round(lap.Plain.CpuShare, 4)))]);
}

/// <summary>Milliseconds, and parts of a core, of two seconds of each fleet in the order ABBA.</summary>
internal sealed record SlowdownStretch(double MergedP95, double PlainP95, double MergedCpu, double PlainCpu);
