using System.Globalization;
using Samepage.Bench.Reporting;

namespace Samepage.Bench.Contest;

/// <summary>How figures of a contest are written, in tables on a terminal and in pages alike.</summary>
internal static class ContestFigures
{
    /// <summary>What stands where there is nothing to tell.</summary>
    public const string NotReached = "—";

    /// <summary>What was saved and what it cost.</summary>
    public static TextTable Saving(ContestResult result)
    {
        var table = new TextTable(
            "", "saved of the oracle", "without zero pages", "to 50 %, s", "to 90 %, s", "to 95 %, s", "CPU, s", "CPU a GB, s", "CPU after, % of a core", "metadata, bytes a page");
        foreach (var peer in result.Peers)
        {
            table.Add(
                peer.Title + (peer.TurnsSettled < peer.Turns ? " *" : ""), Text(peer.Share, "0.0 %"), Text(peer.DataShare, "0.0 %"),
                Time(result, peer, peer.SecondsTo50, "0.0"), Time(result, peer, peer.SecondsTo90, "0.0"), Time(result, peer, peer.SecondsTo95, "0.0"), Text(peer.CpuSeconds, "0.00"),
                Text(peer.CpuSecondsAGigabyte, "0.00"), Text(peer.SteadyCpuShare, "0.0 %"), Text(peer.MetadataBytesAPage, "0.0"));
        }

        return table;
    }

    /// <summary>What the guests' own work felt of it.</summary>
    public static TextTable Work(ContestResult result)
    {
        var table = new TextTable(
            "", "requests a second", "p50, ms", "p95, ms", "p99, ms", "p95 / none", "slowdown", "after: p50, ms", "p95, ms", "p99, ms", "p95 / none", "slowdown", "flat out, a second", "/ none", "longest, ms");
        foreach (var peer in result.Peers)
        {
            var (now, after) = (peer.Converging, peer.After);
            table.Add(
                peer.Title, Text(now.RequestsASecond, "0"), Text(now.P50Milliseconds, "0.00"), Text(now.P95Milliseconds, "0.00"),
                Text(now.P99Milliseconds, "0.0"), Text(now.P95Ratio, "0.00"), Text(now.P95Slowdown, "0.00"), Text(after.P50Milliseconds, "0.00"), Text(after.P95Milliseconds, "0.00"),
                Text(after.P99Milliseconds, "0.0"), Text(after.P95Ratio, "0.00"), Text(after.P95Slowdown, "0.00"), Text(peer.FlatRequestsASecond, "0"), Text(peer.FlatRatio, "0.00"),
                Text(peer.LongestRequestMilliseconds, "0"));
        }

        return table;
    }

    /// <summary>The few columns that a newcomer looks for.</summary>
    public static TextTable Headline(ContestResult result, Func<string, string> title, params string[] head)
    {
        var table = new TextTable(head);
        foreach (var peer in result.Peers)
        {
            table.Add(
                title(peer.Name), Plain(peer.Share, "0.0 %"), Time(result, peer, peer.SecondsTo90 is { } to ? new Spread(to.Median, to.Median, to.Median) : null, "0"), Plain(peer.CpuSecondsAGigabyte, "0.0"),
                Plain(peer.SteadyCpuShare, "0.0 %"), Plain(peer.Converging.P95Slowdown, "0.00"), Plain(peer.After.P95Slowdown, "0.00"));
        }

        return table;
    }

    /// <summary>The median, and the least and the greatest where they differ in what is shown.</summary>
    public static string Text(Spread? spread, string format)
    {
        if (spread is null)
        {
            return NotReached;
        }

        var (middle, least, greatest) = (Number(spread.Median, format), Number(spread.Min, format), Number(spread.Max, format));
        return least == greatest ? middle : $"{middle} ({least.Replace(" %", "", StringComparison.Ordinal)}–{greatest.Replace(" %", "", StringComparison.Ordinal)})";
    }

    /// <summary>A time that was not reached is longer than the limit; where nobody merges there is none.</summary>
    private static string Time(ContestResult result, PeerSummary peer, Spread? spread, string format) => spread is not null || peer.Name == "none"
        ? Text(spread, format)
        : string.Create(CultureInfo.InvariantCulture, $"> {result.Plan.ConvergeSecondsMax}");

    private static string Plain(Spread? spread, string format) => spread is null ? NotReached : Number(spread.Median, format);

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture) is var text && text.Trim('-', '0', '.', ' ', '%').Length == 0
        ? text.TrimStart('-')
        : text;
}
