namespace Samepage.Merging.User.Keeping;

/// <summary>How a keeper behaves; the defaults are those of the verb.</summary>
public sealed record KeeperOptions
{
    /// <summary>Other users than the keeper's own and root whose processes may join.</summary>
    public IReadOnlyList<uint> AllowedUsers { get; init; } = [];

    /// <summary>Entries of the index that one member may take: 128 GiB of pages.</summary>
    public long NotesPerMember { get; init; } = 32 << 20;

    /// <summary>How long after the last member has left it ends.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The same where nobody ever came.</summary>
    public TimeSpan FirstGrace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The least age of a segment that is asked to be emptied.</summary>
    public TimeSpan RetireAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Reports of each of its users on average that must find a segment sparse.</summary>
    public int SparseReports { get; init; } = 3;

    /// <summary>How long a connection may say nothing before its greeting.</summary>
    public TimeSpan GreetingTime { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a reply may wait for its reader.</summary>
    public TimeSpan ReadingTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Connections at one time.</summary>
    public int ConnectionsMax { get; init; } = 1024;
}
