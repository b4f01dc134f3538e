using System.CommandLine;
using Samepage.Cli.Rendering;
using Samepage.Server.History;
using Samepage.Server.History.Recording;

namespace Samepage.Cli.Commands;

/// <summary><c>samepage replay</c>: shows what <c>record</c> wrote.</summary>
internal static class ReplayCommand
{
    private const int TableRows = 24;
    private static readonly Argument<string> s_file = new("FILE") { Description = "The record" };
    private static readonly Option<string?> s_since = new("--since") { Description = "From when on: a time before the record was taken (30m, 2h, 7d), or a moment (default: all of it)", HelpName = "TIME" };
    private static readonly Option<string> s_until = new("--until") { Description = "Until when, alike (default: when the record was taken)", HelpName = "TIME", DefaultValueFactory = _ => "now" };
    private static readonly Option<string?> s_about = new("--about") { Description = "About a process, or all of a program's or guest's name together, instead of the host", HelpName = "PID|NAME" };
    private static readonly Option<bool> s_json = new("--json") { Description = "Write JSON instead of text" };

    public static Command Create()
    {
        var command = new Command("replay", "Show a record on any machine, and let the governor decide anew over the samples in it.") { s_file, s_since, s_until, s_about, s_json };
        Manual.Add(
            command,
            "Shows of what machine the record is, its history as 'samepage history' would, and, where it was taken with --for, what this version's governor decides over the samples. That is an open loop: the samples are of what ksmd did then, whatever is decided now. The other files in the record are text: unzip it.",
            "Nothing of a record is executed, and nothing is left behind.",
            "Exit status: 0 shown; 1 the file is not there, or no record; 2 an option will not do; 4 it may not be read.");
        command.SetVerb((parsed, _) => Run(parsed));
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        try
        {
            using var record = HostRecord.Open(parsed.GetRequiredValue(s_file));
            var replay = new Replay(record.Head, History(parsed, record), Governor(record));
            if (parsed.GetValue(s_json))
            {
                using var output = Console.OpenStandardOutput();
                output.Write(ReplayJson.Write(replay));
            }
            else
            {
                ReplayText.Write(ConsoleText.StandardOutput(), replay);
            }

            return ExitCode.Done;
        }
        catch (InvalidDataException wrong)
        {
            throw new CommandFailure(ExitCode.Failed, wrong.Message);
        }
        catch (UnauthorizedAccessException refused)
        {
            throw new CommandFailure(ExitCode.NotPermitted, refused.Message);
        }
    }

    private static HistoryAnswer? History(ParseResult parsed, HostRecord record)
    {
        using var reader = record.OpenHistory();
        if (reader?.Span() is not { } span)
        {
            return null;
        }

        var taken = record.Head.TakenAt;
        var from = parsed.GetValue(s_since) is { } since ? MomentText.Parse("--since", since, taken).ToUnixTimeSeconds() : span.From;
        var to = MomentText.Parse("--until", parsed.GetRequiredValue(s_until), taken).ToUnixTimeSeconds();
        var points = parsed.GetValue(s_json) ? HistoryQuery.PointsUsual : TableRows;
        return from < to
            ? reader.Read(new HistoryQuery(from, to, points, parsed.GetValue(s_about) is "host" or "" ? null : parsed.GetValue(s_about)), taken.ToUnixTimeSeconds())
            : throw new CommandFailure(ExitCode.Usage, "--since must lie before --until");
    }

    private static GovernorStory? Governor(HostRecord record)
    {
        var samples = record.Samples().Select(sample => sample.ToSample()).ToList();
        return samples.Count == 0 ? null : GovernorStory.Of(samples, [.. GovernorReplay.Run(samples, record.Head.Governor.ToOptions())]);
    }
}
