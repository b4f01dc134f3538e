using System.CommandLine;
using Samepage.Cli.Rendering;
using Samepage.Server.History;

namespace Samepage.Cli.Commands;

/// <summary><c>samepage history</c>: what was.</summary>
internal static class HistoryCommand
{
    /// <summary>A table has as many rows as a screen; a file may have more.</summary>
    private const int TableRows = 24;

    private static readonly Option<string> s_since = new("--since") { Description = "From when on: a time ago (30m, 2h, 7d), or a moment (2026-11-01, 2026-11-01T18:30); default: 2h", HelpName = "TIME", DefaultValueFactory = _ => "2h" };
    private static readonly Option<string> s_until = new("--until") { Description = "Until when (default: now)", HelpName = "TIME", DefaultValueFactory = _ => "now" };
    private static readonly Option<string?> s_about = new("--about") { Description = "About a process, or all of a program's or guest's name together, instead of the host", HelpName = "PID|NAME" };
    private static readonly Option<int?> s_points = new("--points") { Description = $"At most so many rows (2 to {HistoryQuery.PointsMax}; default: {TableRows}, and {HistoryQuery.PointsUsual} with --json and --csv)", HelpName = "N" };
    private static readonly Option<bool> s_json = new("--json") { Description = "Write JSON instead of text, as the daemon answers it by HTTP" };
    private static readonly Option<bool> s_csv = new("--csv") { Description = "Write all series as CSV, without the decisions" };
    private static readonly HistoryPlace s_place = new();

    public static Command Create()
    {
        var command = new Command("history", "Say what was: saving, coverage, cost and decisions over the last hours, days or weeks.");
        foreach (var option in new Option[] { s_since, s_until, s_about, s_points, s_json, s_csv })
        {
            command.Options.Add(option);
        }

        s_place.AddTo(command);
        Manual.Add(
            command,
            "Reads the daemon's history from its file, also while no daemon runs: ten seconds a row for the last six hours, a minute for three days, a quarter of an hour for as long as [history] days says. Several rows are put together into one as fits the number of points: means of what is saved and spent, the least coverage and headroom, the greatest exposure.",
            "Exit status: 0 done; 1 there is no history, or it cannot be read; 2 an option or the policy will not do; 4 not permitted.");
        command.SetVerb((parsed, _) => Run(parsed));
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        var (isJson, isCsv) = (parsed.GetValue(s_json), parsed.GetValue(s_csv));
        if (isJson && isCsv)
        {
            throw new CommandFailure(ExitCode.Usage, "--json and --csv exclude each other");
        }

        var now = DateTimeOffset.UtcNow;
        var query = Query(parsed, now, isJson || isCsv ? HistoryQuery.PointsUsual : TableRows);
        using var reader = s_place.Open(parsed);
        var answer = reader.Read(query, now.ToUnixTimeSeconds());
        if (isJson)
        {
            using var output = Console.OpenStandardOutput();
            output.Write([.. answer.ToJson(), (byte)'\n']);
        }
        else if (isCsv)
        {
            HistoryCsv.Write(Console.Out, answer);
        }
        else
        {
            HistoryText.Write(ConsoleText.StandardOutput(), answer);
        }

        return ExitCode.Done;
    }

    private static HistoryQuery Query(ParseResult parsed, DateTimeOffset now, int usual)
    {
        var from = MomentText.Parse("--since", parsed.GetRequiredValue(s_since), now).ToUnixTimeSeconds();
        var to = MomentText.Parse("--until", parsed.GetRequiredValue(s_until), now).ToUnixTimeSeconds();
        var points = parsed.GetValue(s_points) ?? usual;
        if (from >= to)
        {
            throw new CommandFailure(ExitCode.Usage, "--since must lie before --until");
        }

        if (points is < 2 or > HistoryQuery.PointsMax)
        {
            throw new CommandFailure(ExitCode.Usage, $"--points wants 2 to {HistoryQuery.PointsMax}, not {points}");
        }

        return new HistoryQuery(from, to, points, parsed.GetValue(s_about) is "host" or "" ? null : parsed.GetValue(s_about));
    }
}
