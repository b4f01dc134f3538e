using System.Globalization;

namespace Samepage.Server.History;

/// <summary>What somebody wants to see.</summary>
/// <param name="From">Its beginning, in seconds since 1970.</param>
/// <param name="To">Its end.</param>
/// <param name="Points">At most so many points in time.</param>
/// <param name="About">A process number, or the name of a program or guest; null: the host.</param>
public sealed record HistoryQuery(long From, long To, int Points, string? About)
{
    /// <summary>So many points unless more are asked for, and never more than the second.</summary>
    public const int PointsUsual = 300, PointsMax = 2000;

    private const int AboutMax = 256;
    private static readonly long s_latest = DateTimeOffset.MaxValue.ToUnixTimeSeconds();

    /// <summary>The time between two points, before the store's own steps are looked at.</summary>
    public long StepSeconds => Math.Max(1, (To - From + Points - 1) / Points);

    /// <summary>Reads the query of a request: all parts may be left out; the last hour is shown then.</summary>
    /// <param name="query">With the question mark, or empty.</param>
    /// <param name="now">The time of day.</param>
    /// <param name="wrong">What is wrong with it.</param>
    public static HistoryQuery? TryParse(string query, DateTimeOffset now, out string wrong)
    {
        var parts = new Dictionary<string, string>();
        foreach (var part in query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0 || part[..equals] is not ("from" or "to" or "points" or "about") || !parts.TryAdd(part[..equals], Decode(part[(equals + 1)..])))
            {
                wrong = "ask for from=UNIX&to=UNIX&points=N&about=PID-or-name, each at most once";
                return null;
            }
        }

        var to = Number(parts, "to", now.ToUnixTimeSeconds(), s_latest);
        var from = Number(parts, "from", Math.Max(0, (to ?? 0) - 3600), s_latest);
        var points = Number(parts, "points", PointsUsual, PointsMax);
        var about = parts.GetValueOrDefault("about");
        wrong = (from, to, points) switch
        {
            (null, _, _) or (_, null, _) => "from and to are whole seconds since 1970",
            (_, _, null or < 2) => $"points is a number from 2 to {PointsMax}",
            _ when from >= to => "from must lie before to",
            _ when about?.Length is 0 or > AboutMax => "about is a process number, or the name of a program or guest",
            _ => "",
        };
        return wrong.Length > 0 ? null : new HistoryQuery(from!.Value, to!.Value, (int)points!.Value, about is "host" ? null : about);
    }

    private static string Decode(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));

    private static long? Number(Dictionary<string, string> parts, string key, long without, long most) => !parts.TryGetValue(key, out var text)
        ? without
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= most ? number : null;
}
