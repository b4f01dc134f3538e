namespace Samepage.Bench.Contest;

/// <summary>What a peer did in one of its turns. Pages are of 4096 bytes.</summary>
internal sealed record TrialResult
{
    public required string Peer { get; init; }
    public required int Repetition { get; init; }

    /// <summary>Whether it had saved all that it would before the time was up.</summary>
    public required bool IsSettled { get; init; }

    /// <summary>When it last saved more; the limit where it was not done by then.</summary>
    public required double SettledSeconds { get; init; }
    public required long OraclePagesAtStart { get; init; }
    public required FrameCount End { get; init; }

    /// <summary>To so much of what could be saved when it began; null where that was not reached in time.</summary>
    public required double? SecondsTo50 { get; init; }
    public required double? SecondsTo90 { get; init; }
    public required double? SecondsTo95 { get; init; }

    /// <summary>Until it last saved more.</summary>
    public required double CpuSeconds { get; init; }

    /// <summary>Of one processor, in the seconds after that.</summary>
    public required double SteadyCpuShare { get; init; }
    public required double MetadataBytesAPage { get; init; }
    public required long MetadataBytes { get; init; }
    public required Latency Before { get; init; }
    public required Latency Converging { get; init; }
    public required Latency After { get; init; }
    public required double FlatRequestsASecond { get; init; }

    /// <summary>How long the user engine kept memory from its program, by its own count; 0 for others, who do not say.</summary>
    public required double EngineWindowMillisecondsMax { get; init; }
    public required double EngineWindowMilliseconds999 { get; init; }
    public required int GuestsVerified { get; init; }

    /// <summary>Saving and CPU time on the way, twice a second; saving as a part of the oracle's when it began.</summary>
    public required IReadOnlyList<WayPoint> Way { get; init; }

    /// <summary>CPU time for each GB that was saved in the end; null where next to nothing was.</summary>
    public double? CpuSecondsAGigabyte => End.SavedPages * 4096.0 > 1e6 ? CpuSeconds / (End.SavedPages * 4096e-9) : null;

    /// <summary>The longest time of a request once merging had begun.</summary>
    public double LongestRequestMilliseconds => Math.Max(Converging.LongestMilliseconds, After.LongestMilliseconds);
}

/// <summary>One moment of a turn.</summary>
internal sealed record WayPoint(double Seconds, double CpuSeconds, double Share);
