namespace Samepage.Server.History;

/// <summary>What is kept, and where.</summary>
/// <param name="Path">The file.</param>
/// <param name="Days">How long.</param>
/// <param name="SizeBytesMax">The file grows no larger; the oldest goes first.</param>
public sealed record HistoryOptions(string Path, int Days, long SizeBytesMax)
{
    /// <summary>The file's name in the state directory.</summary>
    public const string FileName = "history.db";

    /// <summary>Of the processes, so many that save most are kept.</summary>
    public const int ProcessesMax = 200;
}
