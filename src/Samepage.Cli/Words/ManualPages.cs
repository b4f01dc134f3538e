using System.CommandLine;
using System.Globalization;
using System.Reflection;

namespace Samepage.Cli.Words;

/// <summary>All manual pages: one for the executable, one for each verb (as git has them), and samepage.toml(5).</summary>
internal static class ManualPages
{
    /// <summary>Writes all of them.</summary>
    /// <returns>Where each belongs below a directory of manual pages, such as man1/samepage.1, and its text.</returns>
    public static IEnumerable<(string Path, string Text)> All(RootCommand root, Edition edition)
    {
        var pages = new VerbPage(edition);
        var executable = Verb.Root(root);
        foreach (var verb in executable.All())
        {
            yield return ($"man1/{verb.Page}.1", pages.Write(verb, verb == executable));
        }

        yield return ("man5/samepage.toml.5", PolicyPage.Write(edition));
    }

    /// <summary>
    /// The version of this executable, and today; where SOURCE_DATE_EPOCH is set, as in builds that anyone can repeat,
    /// that day.
    /// </summary>
    public static Edition Edition(TimeProvider clock, string? sourceDateEpoch)
    {
        var version = typeof(ManualPages).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";
        var day = long.TryParse(sourceDateEpoch, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds()
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : clock.GetUtcNow();
        return new Edition(version.Split('+')[0], DateOnly.FromDateTime(day.UtcDateTime));
    }
}
