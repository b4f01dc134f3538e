namespace Samepage.Estimating;

/// <summary>How an estimate is made.</summary>
public sealed record EstimateOptions
{
    /// <summary>Time between two looks; pages that change in it are volatile. Null for one look.</summary>
    public TimeSpan? Interval { get; init; }

    /// <summary>Count one content in N; 1 counts all.</summary>
    public int SampleOneIn { get; init; } = 1;

    /// <summary>Compare every duplicate with the first page of its content, byte by byte.</summary>
    public bool Verify { get; init; }

    /// <summary>Threads that read and fingerprint; 0 takes one for each processor, four at most.</summary>
    public int Workers { get; init; }

    /// <summary>For tests: look as on a kernel without PAGEMAP_SCAN.</summary>
    internal bool WithoutScan { get; init; }

    /// <summary>For tests: look as a caller who may not see frame numbers.</summary>
    internal bool WithoutFrameNumbers { get; init; }
}

/// <summary>How far an estimate has come. Reported a few times a second, from one thread at a time.</summary>
/// <param name="Phase">What it does now.</param>
/// <param name="PagesDone">Pages looked at in this phase.</param>
/// <param name="PagesTotal">Pages to look at in this phase, as far as known.</param>
/// <param name="SavablePages">Found so far.</param>
public readonly record struct EstimateProgress(EstimatePhase Phase, long PagesDone, long PagesTotal, long SavablePages);

/// <summary>The stages of an estimate.</summary>
public enum EstimatePhase
{
    /// <summary>Reading the targets' mappings.</summary>
    Mapping,

    /// <summary>The first of two looks.</summary>
    FirstLook,

    /// <summary>Waiting between two looks.</summary>
    Waiting,

    /// <summary>Reading and fingerprinting.</summary>
    Reading,

    /// <summary>Comparing duplicates byte by byte.</summary>
    Verifying,
}
