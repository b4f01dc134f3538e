using SQLitePCL;

namespace Samepage.Server.History.Sqlite;

/// <summary>A database file, as far as the history needs SQLite. Not thread-safe.</summary>
internal sealed class SqliteDatabase : IDisposable
{
    private readonly sqlite3 _handle;
    private readonly List<SqliteStatement> _kept = [];

    private SqliteDatabase(sqlite3 handle, string path) => (_handle, Path) = (handle, path);

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>How many rows the last statement changed.</summary>
    public int Changes => raw.sqlite3_changes(_handle);

    /// <summary>Opens a file for writing, and creates it where it is missing.</summary>
    /// <exception cref="HistoryException">It cannot be had.</exception>
    public static SqliteDatabase OpenForWriting(string path) => Open(path, raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE, path);

    /// <summary>Opens a file for reading; one that nobody may write beside is read as it stands.</summary>
    /// <exception cref="HistoryException">It cannot be had.</exception>
    public static SqliteDatabase OpenForReading(string path)
    {
        try
        {
            var database = Open(path, raw.SQLITE_OPEN_READONLY, path);
            try
            {
                _ = database.Number("SELECT count(*) FROM sqlite_schema");
                return database;
            }
            catch
            {
                database.Dispose();
                throw;
            }
        }
        catch (HistoryException refused) when (refused.Code is raw.SQLITE_CANTOPEN or raw.SQLITE_READONLY && File.Exists(path) && !IsBusy(path))
        {
            // Readers write an index of the log beside the file. Where they may not, and there is no log, none is needed.
            var uri = $"file:{Uri.EscapeDataString(path).Replace("%2F", "/", StringComparison.Ordinal)}?immutable=1";
            return Open(uri, raw.SQLITE_OPEN_READONLY | raw.SQLITE_OPEN_URI, path);
        }
    }

    /// <summary>Executes statements that answer nothing.</summary>
    /// <exception cref="HistoryException">One failed.</exception>
    public void Execute(string sql) => Check(raw.sqlite3_exec(_handle, sql));

    /// <summary>The first number of the first row; 0 where there is none.</summary>
    /// <exception cref="HistoryException">It failed.</exception>
    public long Number(string sql)
    {
        using var statement = Prepare(sql);
        return statement.Step() ? statement.Whole(0) : 0;
    }

    /// <summary>Prepares a statement for one use.</summary>
    /// <exception cref="HistoryException">It makes no sense in this file.</exception>
    public SqliteStatement Prepare(string sql)
    {
        Check(raw.sqlite3_prepare_v2(_handle, sql, out var statement));
        return new SqliteStatement(statement, this);
    }

    /// <summary>Prepares a statement that lives as long as the database.</summary>
    /// <exception cref="HistoryException">It makes no sense in this file.</exception>
    public SqliteStatement Keep(string sql)
    {
        var statement = Prepare(sql);
        _kept.Add(statement);
        return statement;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _kept.ForEach(statement => statement.Dispose());
        _ = raw.sqlite3_close_v2(_handle);
    }

    /// <summary>Throws where a call did not come to what it should.</summary>
    internal void Check(int result)
    {
        if (result is not (raw.SQLITE_OK or raw.SQLITE_ROW or raw.SQLITE_DONE))
        {
            throw new HistoryException(Path, result & 0xff, raw.sqlite3_errmsg(_handle).utf8_to_string());
        }
    }

    private static bool IsBusy(string path) => File.Exists(path + "-wal") && new FileInfo(path + "-wal").Length > 0;

    private static SqliteDatabase Open(string name, int flags, string path)
    {
        SqliteLibrary.Load(path);
        var result = raw.sqlite3_open_v2(name, out var handle, flags | raw.SQLITE_OPEN_NOMUTEX, null);
        var database = new SqliteDatabase(handle, path);
        try
        {
            database.Check(result);
            _ = raw.sqlite3_busy_timeout(handle, 2000);
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }
}
