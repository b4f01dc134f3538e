namespace Samepage.Scenarios;

/// <summary>Where built guest images are kept between runs, outside the source tree.</summary>
public static class CacheDirectory
{
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
}
