namespace Samepage.Server.History.Recording;

/// <summary>The files of a record, and how large they may be: records come from strangers too.</summary>
public static class RecordFiles
{
    /// <summary>What it is of: <see cref="RecordHead"/>.</summary>
    public const string Head = "record.json";

    /// <summary>The policy.</summary>
    public const string Policy = "policy.toml";

    /// <summary>What the kernel and machine offer.</summary>
    public const string Doctor = "doctor.json";

    /// <summary>The daemon's status; may be missing.</summary>
    public const string Status = "status.json";

    /// <summary>The history, as SQLite's file; may be missing.</summary>
    public const string History = "history.db";

    /// <summary>Samples of the host, one a line; may be missing.</summary>
    public const string Samples = "samples.jsonl";

    /// <summary>No text in it is longer.</summary>
    internal const long TextBytesMax = 64 << 20;

    /// <summary>No history in it is longer.</summary>
    internal const long HistoryBytesMax = 4L << 30;
}
