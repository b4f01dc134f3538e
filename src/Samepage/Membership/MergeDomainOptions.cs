namespace Samepage;

/// <summary>How a process joins a domain.</summary>
public sealed class MergeDomainOptions
{
    /// <summary>The samepage executable that can start a keeper; null: looked for beside libsamepage.so.</summary>
    public string? KeeperPath { get; init; }

    /// <summary>What the engine may use from the start.</summary>
    public MergeLimits Limits { get; init; } = new();

    /// <summary>How often <see cref="MergeDomain.StatisticsUpdated"/> is raised, and the state is looked at.</summary>
    public TimeSpan UpdateInterval { get; init; } = TimeSpan.FromSeconds(1);
}
