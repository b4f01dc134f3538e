using SQLitePCL;

namespace Samepage.Server.History.Sqlite;

/// <summary>A prepared statement. Parameters count from 1, columns from 0, as in SQLite.</summary>
internal sealed class SqliteStatement(sqlite3_stmt handle, SqliteDatabase database) : IDisposable
{
    /// <summary>Binds a whole number.</summary>
    public SqliteStatement Bind(int index, long value)
    {
        database.Check(raw.sqlite3_bind_int64(handle, index, value));
        return this;
    }

    /// <summary>Binds a number; one that is none, or null, becomes NULL.</summary>
    public SqliteStatement Bind(int index, double? value)
    {
        database.Check(value is { } number && double.IsFinite(number)
            ? raw.sqlite3_bind_double(handle, index, number)
            : raw.sqlite3_bind_null(handle, index));
        return this;
    }

    /// <summary>Binds a text or NULL.</summary>
    public SqliteStatement Bind(int index, string? value)
    {
        database.Check(value is null ? raw.sqlite3_bind_null(handle, index) : raw.sqlite3_bind_text(handle, index, value));
        return this;
    }

    /// <summary>Binds bytes.</summary>
    public SqliteStatement Bind(int index, ReadOnlySpan<byte> value)
    {
        database.Check(raw.sqlite3_bind_blob(handle, index, value));
        return this;
    }

    /// <summary>Goes to the next row; false where there is none.</summary>
    /// <exception cref="HistoryException">It failed.</exception>
    public bool Step()
    {
        var result = raw.sqlite3_step(handle);
        database.Check(result);
        return result == raw.SQLITE_ROW;
    }

    /// <summary>Executes it, and makes it ready to be used again.</summary>
    /// <exception cref="HistoryException">It failed.</exception>
    public void Run()
    {
        try
        {
            while (Step())
            {
                // Rows of a statement that only changes say nothing.
            }
        }
        finally
        {
            Reset();
        }
    }

    /// <summary>Makes it ready to be used again.</summary>
    public void Reset() => _ = raw.sqlite3_reset(handle);

    /// <summary>A whole number.</summary>
    public long Whole(int column) => raw.sqlite3_column_int64(handle, column);

    /// <summary>A number, or null.</summary>
    public double? Number(int column) =>
        raw.sqlite3_column_type(handle, column) == raw.SQLITE_NULL ? null : raw.sqlite3_column_double(handle, column);

    /// <summary>A whole number, or null.</summary>
    public long? WholeOrNull(int column) =>
        raw.sqlite3_column_type(handle, column) == raw.SQLITE_NULL ? null : raw.sqlite3_column_int64(handle, column);

    /// <summary>A text, or null.</summary>
    public string? Text(int column) =>
        raw.sqlite3_column_type(handle, column) == raw.SQLITE_NULL ? null : raw.sqlite3_column_text(handle, column).utf8_to_string();

    /// <summary>Bytes, until the next step.</summary>
    public ReadOnlySpan<byte> Bytes(int column) => raw.sqlite3_column_blob(handle, column);

    /// <inheritdoc/>
    public void Dispose() => _ = raw.sqlite3_finalize(handle);
}
