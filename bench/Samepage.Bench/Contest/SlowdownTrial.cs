using Samepage.Bench.Measuring;

namespace Samepage.Bench.Contest;

/// <summary>One turn of a peer beside guests that nobody merges: before it begins, until it has converged, and after.</summary>
/// <param name="plan">The guests, and what is asked of them.</param>
/// <param name="rounds">Of a second for each fleet: before, at most while merging, and after.</param>
/// <param name="peer">Who merges.</param>
/// <param name="turn">Which turn of it.</param>
internal sealed class SlowdownTrial(ContestPlan plan, SlowdownRounds rounds, string peer, int turn)
{
    /// <summary>As <see cref="ContestTrial"/>: so long without growth is the end; in rounds here, in which merging goes on for a second.</summary>
    private const int QuietRounds = 12;

    /// <summary>Where nothing is merged nothing converges; as long as those who are quick take.</summary>
    private const int RoundsWithoutMerging = 24;

    /// <summary>Runs it to its end.</summary>
    public SlowdownTurn Run(IPausableMerging engine)
    {
        using var fleets = new TwinFleets(plan, engine);
        var before = fleets.Ask(rounds.Before);
        fleets.Begin();
        var (laps, isSettled, seconds) = Converge(fleets, engine);
        var converged = (Pages: engine.SavedPages, Cpu: engine.CpuSeconds);
        var clock = fleets.MergingSeconds;
        var after = fleets.Ask(rounds.After);
        return new SlowdownTurn
        {
            Peer = peer,
            Turn = turn,
            IsSettled = isSettled,
            SettledSeconds = Math.Round(seconds, 2),
            SavedPages = converged.Pages,
            CpuSeconds = Math.Round(converged.Cpu, 3),
            SteadyCpuShare = Math.Round((engine.CpuSeconds - converged.Cpu) / (fleets.MergingSeconds - clock), 5),
            Before = SlowdownPhase.Of(before),
            Converging = SlowdownPhase.Of(laps),
            After = SlowdownPhase.Of(after),
            GuestsVerified = fleets.Verify(),
        };
    }

    /// <summary>A round at a time until the saving has stopped growing; of the last rounds without growth only one counts.</summary>
    private (TwinLaps Laps, bool IsSettled, double Seconds) Converge(TwinFleets fleets, IPausableMerging engine)
    {
        var (all, floor, grewAt, grewSeconds) = (new List<TwinLaps>(), 0L, 0, 0.0);
        for (var round = 0; round < (peer == "none" ? RoundsWithoutMerging : rounds.ConvergingMax); round++)
        {
            all.Add(fleets.Ask(1));
            if (engine.SavedPages is var saved && ContestTrial.IsGrowth(saved, floor))
            {
                (floor, grewAt, grewSeconds) = (saved, round, fleets.MergingSeconds);
            }
            else if (floor > 0 && round - grewAt >= QuietRounds)
            {
                return (TwinLaps.Sum(all[..(grewAt + 2)]), true, grewSeconds);
            }
        }

        return (TwinLaps.Sum(all), peer == "none", fleets.MergingSeconds);
    }
}

/// <summary>How many rounds of two seconds there are, in which each fleet is asked for one.</summary>
internal sealed record SlowdownRounds(int Before, int ConvergingMax, int After);

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

    /// <summary>A phase's p95 by that of the guests beside them, and by the same ratio before: two fleets are never quite alike.</summary>
    public double Slowdown(Func<SlowdownTurn, SlowdownPhase> phase) => phase(this).Ratio / Before.Ratio;
}

/// <summary>Times of both fleets in one phase.</summary>
internal sealed record SlowdownPhase(Latency Merged, Latency Plain)
{
    /// <summary>p95 of the one by that of the other.</summary>
    public double Ratio => Merged.P95Milliseconds / Plain.P95Milliseconds;

    public static SlowdownPhase Of(TwinLaps laps) => new(laps.Merged.Latency, laps.Plain.Latency);
}
