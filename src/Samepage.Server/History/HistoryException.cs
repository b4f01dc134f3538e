using SQLitePCL;

namespace Samepage.Server.History;

/// <summary>The history cannot be read or written.</summary>
/// <param name="path">The file.</param>
/// <param name="code">SQLite's primary result code.</param>
/// <param name="message">What is wrong.</param>
public sealed class HistoryException(string path, int code, string message) : IOException($"{path}: {message}")
{
    /// <summary>SQLite's primary result code.</summary>
    public int Code => code;

    /// <summary>What is in the file is no database, or a broken one.</summary>
    public bool IsCorrupt => code is raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB;

    /// <summary>There is no room: on the disk, or under the cap.</summary>
    public bool IsFull => code == raw.SQLITE_FULL;
}
