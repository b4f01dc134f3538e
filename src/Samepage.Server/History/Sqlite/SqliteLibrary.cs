using SQLitePCL;

namespace Samepage.Server.History.Sqlite;

/// <summary>SQLite's code, in libe_sqlite3.so beside the executable: looked for when it is first needed. Thread-safe.</summary>
internal static class SqliteLibrary
{
    private static readonly Lock s_lock = new();
    private static bool s_isLoaded;

    /// <summary>Loads it.</summary>
    /// <param name="path">The file that it is wanted for.</param>
    /// <exception cref="HistoryException">It is missing.</exception>
    public static void Load(string path)
    {
        lock (s_lock)
        {
            if (s_isLoaded)
            {
                return;
            }

            try
            {
                raw.SetProvider(new SQLite3Provider_e_sqlite3());
                _ = raw.sqlite3_initialize();
                s_isLoaded = true;
            }
            catch (DllNotFoundException)
            {
                throw new HistoryException(path, raw.SQLITE_CANTOPEN, "libe_sqlite3.so is missing beside the samepage executable");
            }
        }
    }
}
