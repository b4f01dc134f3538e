namespace Samepage.Bench.Measuring;

/// <summary>
/// One engine at work on some processes, measured alike whichever it is. Programs find <see cref="Environment"/> when
/// they start and then offer their memory; <see cref="Begin"/> lets the engine go.
/// </summary>
internal interface IMerging : IDisposable
{
    /// <summary>"kernel" or "user".</summary>
    string Name { get; }

    /// <summary>What a program finds in its environment to be merged by this engine.</summary>
    IReadOnlyDictionary<string, string> Environment { get; }

    /// <summary>Starts merging.</summary>
    /// <param name="pids">The programs: their memory is what savings are counted in.</param>
    void Begin(IReadOnlyList<int> pids);

    /// <summary>CPU time that the engine has spent since <see cref="Begin"/>, wherever it was spent.</summary>
    double CpuSeconds { get; }

    /// <summary>Frames saved since <see cref="Begin"/>.</summary>
    long SavedPages { get; }

    /// <summary>Whole looks at everything since <see cref="Begin"/>; costs a question to the engine.</summary>
    double Passes { get; }

    /// <summary>Whole looks without growth after which nothing more is to be expected.</summary>
    double QuietPasses { get; }

    /// <summary>And the least time without growth.</summary>
    TimeSpan QuietTime { get; }

    /// <summary>What the engine itself says, for the record.</summary>
    EngineAccount Account { get; }
}

/// <summary>One that can stand still for a while and go on as if nothing had been, so that what it costs can be told from what else happens.</summary>
internal interface IPausableMerging : IMerging
{
    /// <summary>Stands still until <see cref="Resume"/>, also where it does so already. Both from the same thread.</summary>
    void Pause();

    /// <summary>Goes on; does nothing where it does not stand still.</summary>
    void Resume();
}

/// <summary>What an engine says of itself; what it does not have is 0.</summary>
internal sealed record EngineAccount
{
    public long MergedPages { get; init; }
    public long ZeroPages { get; init; }
    public long Segments { get; init; }
    public long SegmentBytes { get; init; }
    public long Mappings { get; init; }
    public long BrokenPages { get; init; }
    public long CowBreaks { get; init; }
    public long ReturnedPages { get; init; }
    public long DifferedPages { get; init; }
    public long PinnedPages { get; init; }
    public long PromotedPages { get; init; }
    public long ScannedPages { get; init; }
    public long MetadataBytes { get; init; }
    public double ReportedCpuSeconds { get; init; }
    public double EngineThreadCpuSeconds { get; init; }
    public double KeeperCpuSeconds { get; init; }
    public double ChildrenCpuSeconds { get; init; }
    public long KeeperResidentBytes { get; init; }
    public double StallMaxMicroseconds { get; init; }
    public double StallMicroseconds999 { get; init; }
    public IReadOnlyList<long> Stalls { get; init; } = [];
    public IReadOnlyList<string> Reasons { get; init; } = [];
}
