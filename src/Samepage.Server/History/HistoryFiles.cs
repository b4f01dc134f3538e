namespace Samepage.Server.History;

/// <summary>The file of the history, and those that SQLite puts beside it.</summary>
internal static class HistoryFiles
{
    private static readonly string[] s_beside = ["-wal", "-shm", "-journal"];

    /// <summary>Makes the directory and, where there is none, an empty file that only its owner may read: it has names of processes.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be made.</exception>
    public static void Prepare(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        if (!File.Exists(path))
        {
            // A log without its file would be taken for one of the new file.
            RemoveBeside(path);
            new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }).Dispose();
        }
    }

    /// <summary>Moves a broken file aside, in place of one that was there before.</summary>
    /// <param name="path">The file.</param>
    /// <param name="why">What is wrong with it.</param>
    /// <returns>What to say, and whether it is out of the way.</returns>
    public static (string Why, bool IsMoved) MoveAside(string path, string why)
    {
        var aside = path + ".corrupt";
        try
        {
            File.Move(path, aside, overwrite: true);
            RemoveBeside(path);
            return ($"{why}; what was in it is in {aside}", true);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return ($"{why}; it cannot be moved aside: {refused.Message}", false);
        }
    }

    private static void RemoveBeside(string path)
    {
        foreach (var suffix in s_beside)
        {
            File.Delete(path + suffix);
        }
    }
}
