using System.Globalization;
using Samepage.Server.History;
using Spectre.Console;

namespace Samepage.Cli.Rendering;

/// <summary>History for people: a table, and what was decided.</summary>
internal static class HistoryText
{
    private const int DecisionsShown = 20;

    public static void Write(IAnsiConsole console, HistoryAnswer answer)
    {
        var points = Enumerable.Range(0, answer.Times.Count).Where(point => answer.Values.Any(values => values[point] is not null)).ToList();
        if (points.Count == 0)
        {
            console.WriteText($"nothing was kept about {Readable.Name(answer.Query.About ?? "the host")} in that time");
        }
        else
        {
            var table = answer.Query.About is null ? HostTable(answer, points) : ProcessTable(answer, points);
            if (table.Write(console) is { Count: > 0 } leftOut)
            {
                console.WriteParagraph($"No room for {string.Join(", ", leftOut)}; --csv has all of it.", "dim");
            }
        }

        WriteDecisions(console, answer);
    }

    private static TextTable HostTable(HistoryAnswer answer, List<int> points)
    {
        var table = new TextTable().AddColumn(Heading(answer), isNumber: false).AddColumn("SAVED").AddColumn("PROFIT", rank: 4).AddColumn("USER SAVED", rank: 7).AddColumn("COVERAGE")
            .AddColumn("EXPOSURE", rank: 5).AddColumn("HEADROOM", rank: 3).AddColumn("KSMD CPU", rank: 2).AddColumn("SWAP", rank: 6)
            .AddColumn("GOVERNOR", isNumber: false, rank: 1).AddColumn("GUARD", isNumber: false, rank: 1);
        foreach (var point in points)
        {
            double? Of(string name) => answer.Values[HistorySeries.IndexOf(name)][point];
            var level = (int)(Of("guard_level") ?? 0);
            table.AddRow(
                level > 0 ? "red" : "default", Time(answer, point), Size(Of("saved_bytes")), Size(Of("profit_bytes")), Size(Of("user_saved_bytes")),
                Of("coverage") is { } coverage ? coverage.ToString("0.00", CultureInfo.InvariantCulture) : "-",
                Size(Of("exposure_bytes")), Size(Of("headroom_bytes")), Percent(Of("ksmd_cpu_share")), Size(Of("swap_used_bytes")),
                Word(HistoryAnswer.GovernorModes, Of("governor_mode")), Word(HistoryAnswer.GuardLevels, Of("guard_level")));
        }

        return table;
    }

    private static TextTable ProcessTable(HistoryAnswer answer, List<int> points)
    {
        var table = new TextTable().AddColumn(Heading(answer), isNumber: false).AddColumn("SAVED").AddColumn("PROFIT").AddColumn("PROCESSES", rank: 1);
        foreach (var point in points)
        {
            table.AddRow("default", Time(answer, point), Size(answer.Values[0][point]), Size(answer.Values[1][point]), answer.Values[2][point]?.ToString("0", CultureInfo.InvariantCulture) ?? "-");
        }

        return table;
    }

    private static void WriteDecisions(IAnsiConsole console, HistoryAnswer answer)
    {
        var shown = answer.Decisions.TakeLast(DecisionsShown).ToList();
        var more = answer.Decisions.Count - shown.Count + answer.DecisionsLeftOut;
        console.WriteHeading(shown.Count == 0 ? "Nothing was decided" : more > 0 ? $"What was decided, the latest last ({Readable.Count(more)} before that)" : "What was decided, the latest last");
        foreach (var decision in shown)
        {
            console.WriteParagraph($"{decision.At.ToLocalTime().ToString("MM-dd HH:mm:ss", CultureInfo.InvariantCulture)}  {Readable.Name(decision.ToString())}", indent: 16);
        }
    }

    private static string Heading(HistoryAnswer answer) => $"EACH {Duration(answer.StepSeconds)} FROM";

    private static string Duration(long seconds) => seconds % 3600 == 0 ? $"{seconds / 3600} H" : seconds % 60 == 0 ? $"{seconds / 60} MIN" : $"{seconds} S";

    private static string Time(HistoryAnswer answer, int point) =>
        DateTimeOffset.FromUnixTimeSeconds(answer.Times[point]).ToLocalTime().ToString(answer.StepSeconds % 60 == 0 ? "yyyy-MM-dd HH:mm" : "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    private static string Size(double? bytes) => bytes is { } number ? Readable.Size((long)number) : "-";

    private static string Percent(double? share) => share is { } number ? (number * 100).ToString("0.0", CultureInfo.InvariantCulture) + " %" : "-";

    private static string Word(IReadOnlyList<string> words, double? number) =>
        number is { } index && index >= 0 && index < words.Count ? words[(int)index].Replace('_', ' ') : "-";
}
