namespace Samepage.Scenarios.Trials;

/// <summary>What came of a demonstration.</summary>
/// <param name="Engine">"kernel" or "user": what merged, or was to.</param>
/// <param name="Programs">What ran.</param>
/// <param name="Count">How many of them.</param>
/// <param name="Promise">What the estimate said.</param>
/// <param name="Achievement">What the engine did; null where nothing could be merged.</param>
/// <param name="Content">What each program found in its memory at the end; null for one that did not answer.</param>
/// <param name="Missing">Why nothing could be merged, each with what would mend it; empty where it could.</param>
/// <param name="PutBack">Settings that an earlier run left changed, put back at the start of this one.</param>
/// <param name="CpuSeconds">CPU time of this process, start to end.</param>
/// <param name="WallSeconds">Time from start to end.</param>
public sealed record DemonstrationResult(
    string Engine, RunningPrograms Programs, int Count, MergePromise Promise, MergeAchievement? Achievement,
    IReadOnlyList<ContentCheck?> Content, IReadOnlyList<string> Missing, IReadOnlyList<string> PutBack,
    double CpuSeconds, double WallSeconds)
{
    /// <summary>Every program answered and found its data unchanged.</summary>
    public bool IsContentUnchanged => Content.All(check => check is { IsUnchanged: true });
}

/// <summary>How a demonstration is made.</summary>
/// <param name="Programs">What to start.</param>
/// <param name="Interval">Time between two looks of the estimate; null for one look.</param>
/// <param name="Timeout">How long to wait for the engine.</param>
/// <param name="StateDirectory">Where ksmd's settings are kept meanwhile.</param>
public sealed record DemonstrationOptions(
    ProgramRequest Programs, TimeSpan? Interval, TimeSpan Timeout, string StateDirectory)
{
    /// <summary>Starts the programs, told each step from several threads.</summary>
    public Func<ProgramRequest, Action<string>, CancellationToken, RunningPrograms> Start { get; init; } = ProgramChoice.Start;

    /// <summary>Told the pages saved and the engine's CPU time at each look; may be null.</summary>
    public Action<long, double>? Progress { get; init; }

    /// <summary>What the user engine's domain is called, in front of our process number.</summary>
    public string DomainPrefix { get; init; } = "demo";
}
