namespace Samepage.Scenarios.Running;

/// <summary>What came of a scenario.</summary>
/// <param name="Scenario">Its name.</param>
/// <param name="Engine">Who merged.</param>
/// <param name="Kind">What its programs are: "guest", "worker", "browser".</param>
/// <param name="Wanted">How many programs were asked for.</param>
/// <param name="Up">How many came up.</param>
/// <param name="Verified">How many were alive at the end and found all that they hold unchanged.</param>
/// <param name="Corrupt">How many were alive and found something changed. The rest has ended or did not answer.</param>
public sealed record ScenarioResult(
    string Scenario, ScenarioEngine Engine, string Kind, int Wanted, int Up, int Verified, int Corrupt)
{
    /// <summary>Processes that the kernel killed for want of memory.</summary>
    public long OomKills { get; init; }

    /// <summary>Memory given to each program; 0 where nobody gave them a size.</summary>
    public long ProgramBytes { get; init; }

    /// <summary>The memory that they might have together; 0 for no limit.</summary>
    public long LimitBytes { get; init; }

    /// <summary>The most that was charged to them at any time.</summary>
    public long PeakBytes { get; init; }

    /// <summary>Swap that stood ready.</summary>
    public long SwapReadyBytes { get; init; }

    /// <summary>The most of theirs that lay in swap at any time.</summary>
    public long SwapPeakBytes { get; init; }

    /// <summary>What merging saved at the end.</summary>
    public long SavedBytes { get; init; }

    /// <summary>What perfect merging would have saved at that moment; 0 where nobody looked.</summary>
    public long OracleBytes { get; init; }

    /// <summary>What merging cost.</summary>
    public double CpuSeconds { get; init; }

    /// <summary>From the first step to the last check.</summary>
    public double WallSeconds { get; init; }

    /// <summary>What kept further programs from coming, without a full stop; null where all that were asked for came.</summary>
    public string? StoppedBy { get; init; }

    /// <summary>Whether it came out as the scenario promises; false makes the command fail.</summary>
    public bool IsGood { get; init; }

    /// <summary>What a reader should know besides, one sentence each.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>How it went, in the order of time.</summary>
    public IReadOnlyList<ScenarioMoment> Series { get; init; } = [];

    /// <summary>The saving as a part of what perfect merging would save; null where nobody looked.</summary>
    public double? SavedShare => OracleBytes > 0 ? (double)SavedBytes / OracleBytes : null;

    /// <summary>The most that lay in swap, as a part of the memory given to the programs; null where they have no size.</summary>
    public double? SwapShare => ProgramBytes * Up > 0 ? (double)SwapPeakBytes / (ProgramBytes * Up) : null;
}
