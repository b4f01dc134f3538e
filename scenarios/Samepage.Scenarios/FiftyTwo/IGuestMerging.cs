using Samepage.Merging.User.Keeping;

namespace Samepage.Scenarios.FiftyTwo;

/// <summary>Merges guests while they come up. Not thread-safe but for what is said to be.</summary>
internal interface IGuestMerging : IDisposable
{
    /// <summary>What QEMU finds in its environment.</summary>
    IReadOnlyDictionary<string, string> Environment { get; }

    /// <summary>CPU time that merging has cost since it began; may be asked from any thread.</summary>
    double CpuSeconds { get; }

    /// <summary>What the user engine's keeper reported last; may be asked from any thread.</summary>
    IReadOnlyList<DomainReport> Domains { get; }

    /// <summary>What a reader should know of how it went, one sentence each.</summary>
    IReadOnlyList<string> Notes { get; }

    /// <summary>Begins.</summary>
    void Begin();
}

/// <summary>The control: nothing is merged.</summary>
internal sealed class NoMerging : IGuestMerging
{
    public IReadOnlyDictionary<string, string> Environment { get; } = new Dictionary<string, string>();

    public double CpuSeconds => 0;

    public IReadOnlyList<DomainReport> Domains => [];

    public IReadOnlyList<string> Notes => [];

    public void Begin()
    {
    }

    public void Dispose()
    {
    }
}
