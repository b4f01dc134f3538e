using Samepage.Server.History.Sqlite;
using SQLitePCL;

namespace Samepage.Server.History;

/// <summary>
/// What is in the file. <c>host</c> has a row for each step of each tier with a column for each series; <c>processes</c>
/// has a row for each step with all processes in one packed value, because 200 rows each minute would be written in as
/// many places; <c>process</c> says who they are; <c>decision</c> holds the log.
/// </summary>
internal static class HistorySchema
{
    /// <summary>"Same", in the file's header.</summary>
    private const int ApplicationId = 0x53616d65;

    private const int Version = 1;

    /// <summary>The page size; the cap is told in pages.</summary>
    public const int PageBytes = 4096;

    /// <summary>Makes a file ready to be written: creates what is missing.</summary>
    /// <exception cref="HistoryException">It is not ours, newer than this program, broken, or cannot be written.</exception>
    public static void Prepare(SqliteDatabase database, long sizeBytesMax)
    {
        // Only of a new file can these be set; on others they do nothing.
        database.Execute($"PRAGMA page_size = {PageBytes}; PRAGMA auto_vacuum = INCREMENTAL");
        database.Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 256; PRAGMA journal_size_limit = 2097152; PRAGMA cache_size = -512; PRAGMA temp_store = MEMORY");
        database.Execute(FormattableString.Invariant($"PRAGMA max_page_count = {sizeBytesMax / PageBytes}"));
        Check(database);
        database.Execute($"""
            BEGIN IMMEDIATE;
            CREATE TABLE IF NOT EXISTS host(step INTEGER NOT NULL, at INTEGER NOT NULL, {string.Join(", ", HistorySeries.Host.Select(series => $"{series.Name} REAL"))}, PRIMARY KEY(step, at)) WITHOUT ROWID;
            CREATE TABLE IF NOT EXISTS processes(step INTEGER NOT NULL, at INTEGER NOT NULL, packed BLOB NOT NULL, PRIMARY KEY(step, at));
            CREATE TABLE IF NOT EXISTS process(id INTEGER PRIMARY KEY, pid INTEGER NOT NULL, start_ticks INTEGER NOT NULL, boot TEXT NOT NULL, name TEXT NOT NULL, guest TEXT, first_at INTEGER NOT NULL, last_at INTEGER NOT NULL, UNIQUE(pid, start_ticks, boot));
            CREATE TABLE IF NOT EXISTS decision(id INTEGER PRIMARY KEY, at INTEGER NOT NULL, level INTEGER NOT NULL, number INTEGER NOT NULL, who TEXT NOT NULL, scope TEXT NOT NULL, pid INTEGER, what TEXT NOT NULL, why TEXT NOT NULL);
            CREATE INDEX IF NOT EXISTS decision_at ON decision(at);
            PRAGMA application_id = {ApplicationId};
            PRAGMA user_version = {Version};
            COMMIT
            """);
        foreach (var missing in HistorySeries.Host.Select(series => series.Name).Except(Columns(database)))
        {
            database.Execute($"ALTER TABLE host ADD COLUMN {missing} REAL");
        }
    }

    /// <summary>The series that a file has; an older program may have known fewer.</summary>
    /// <exception cref="HistoryException">It is no history.</exception>
    public static IReadOnlyList<string> Columns(SqliteDatabase database)
    {
        Check(database);
        if (database.Number("SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('host', 'processes', 'process', 'decision')") != 4)
        {
            throw new HistoryException(database.Path, raw.SQLITE_NOTADB, "is no history of samepage");
        }

        var names = new List<string>();
        using var columns = database.Prepare("SELECT name FROM pragma_table_info('host')");
        while (columns.Step())
        {
            names.Add(columns.Text(0)!);
        }

        return names;
    }

    /// <exception cref="HistoryException">The file is somebody else's, or of a newer program.</exception>
    private static void Check(SqliteDatabase database)
    {
        var application = database.Number("PRAGMA application_id");
        var version = database.Number("PRAGMA user_version");
        var isEmpty = database.Number("SELECT count(*) FROM sqlite_schema") == 0;
        if (!isEmpty && application != ApplicationId)
        {
            throw new HistoryException(database.Path, raw.SQLITE_MISUSE, "is a database of another program, and is left alone; name another file in [history] path");
        }

        if (version > Version)
        {
            throw new HistoryException(database.Path, raw.SQLITE_MISUSE, "was written by a newer samepage, and is left alone; name another file in [history] path");
        }
    }
}
