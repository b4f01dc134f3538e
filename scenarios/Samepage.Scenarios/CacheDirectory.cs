namespace Samepage.Scenarios;

/// <summary>Where built guest images are kept between runs, outside the source tree.</summary>
public static class CacheDirectory
{
    private const string DraftEnding = ".tmp";

    /// <summary><c>$XDG_CACHE_HOME/samepage</c> or <c>~/.cache/samepage</c>; without a home, below the temporary directory.</summary>
    public static string Default
    {
        get
        {
            if (Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache && Path.IsPathRooted(cache))
            {
                return Path.Combine(cache, "samepage");
            }

            var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
            return home.Length > 0
                ? Path.Combine(home, ".cache", "samepage")
                : Path.Combine(Path.GetTempPath(), $"samepage-{Environment.UserName}");
        }
    }

    /// <summary>
    /// Fills a directory beside the final one and renames it: the final one is there whole or not at all. Then the
    /// outdated ones of its family go.
    /// </summary>
    /// <param name="final">Where it is to be. Where somebody else was faster, theirs stays: it is the same.</param>
    /// <param name="family">How the names of those begin that it replaces.</param>
    /// <param name="fill">Writes into the directory that it is given.</param>
    public static void Publish(string final, string family, Action<string> fill)
    {
        var draft = $"{final}.{Environment.ProcessId}{DraftEnding}";
        Directory.CreateDirectory(draft);
        try
        {
            fill(draft);
            Directory.Move(draft, final);
        }
        catch (IOException) when (Directory.Exists(final))
        {
            Directory.Delete(draft, recursive: true);
        }
        catch
        {
            Directory.Delete(draft, recursive: true);
            throw;
        }

        foreach (var other in Directory.EnumerateDirectories(Path.GetDirectoryName(final)!, family + "*"))
        {
            if (other != final && !other.EndsWith(DraftEnding, StringComparison.Ordinal))
            {
                Directory.Delete(other, recursive: true);
            }
        }
    }
}
