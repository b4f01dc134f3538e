using System.CommandLine;
using System.Globalization;
using Samepage.Cli.Rendering;
using Samepage.Cli.Rendering.Report;
using Samepage.Estimating;
using Samepage.Linux.Proc;

namespace Samepage.Cli.Commands;

/// <summary><c>samepage estimate</c>: what would merging save? Reads, never changes.</summary>
internal static class EstimateCommand
{
    private static readonly Option<string?> s_interval = new("--interval") { Description = "Look twice, this far apart (500ms, 2s, 1m): what changed is volatile and does not count", HelpName = "TIME" };
    private static readonly Option<string?> s_sample = new("--sample") { Description = "Count one content in N: less memory on very large hosts, with a 95 % confidence interval", HelpName = "1/N" };
    private static readonly Option<bool> s_verify = new("--verify") { Description = "Compare every duplicate byte by byte" };
    private static readonly Option<string?> s_workers = new("--workers") { Description = "Threads that read (default: one per processor, four at most)", HelpName = "N" };
    private static readonly Option<string?> s_timeLimit = new("--time-limit") { Description = "Look no longer than this (30s, 5m): what was seen until then is told, as partial", HelpName = "TIME" };
    private static readonly Option<string?> s_html = new("--html") { Description = "Also write a report that any browser opens without network", HelpName = "FILE" };
    private static readonly Option<bool> s_json = new("--json") { Description = "Write JSON instead of text" };
    private static readonly Option<bool> s_addressMap = new("--address-map") { Description = "Add each target's address map to the JSON" };

    public static Command Create()
    {
        var command = new Command("estimate", "Say what merging would save in running programs; reads, never changes.");
        var targets = new TargetOptions().AddTo(command);
        foreach (var option in new Option[] { s_interval, s_sample, s_verify, s_workers, s_timeLimit, s_html, s_json, s_addressMap })
        {
            command.Options.Add(option);
        }

        Manual.Add(
            command,
            "Counts pages of anonymous private memory, the only ones that merging takes: how many are zero, how many are equal to others, and what would be saved after the kernel's bookkeeping (net). It reads and never changes; no process is stopped. Memory that cannot be merged is listed apart, with the reason. Ctrl-C ends the look, and what was counted by then is printed.",
            "Exit status: 0 done, also when ended early with a partial result; 1 failed, such as a full disk; 2 no target or a bad value; 4 not permitted to read a target or to write the report; 5 no such process, or none that can be a target.");
        command.SetVerb((parsed, cancel) => Run(parsed, targets, cancel));
        return command;
    }

    private static int Run(ParseResult parsed, TargetOptions targetOptions, CancellationToken cancel)
    {
        var options = Options(parsed);
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        if (parsed.GetValue(s_timeLimit) is { } limit)
        {
            limited.CancelAfter(DurationText.Parse("--time-limit", limit));
        }

        var file = parsed.GetValue(s_html) is { } path ? ReportFile.At(path) : null;
        var proc = new ProcFs();
        var targets = targetOptions.Resolve(parsed, proc);
        var takenAt = DateTimeOffset.UtcNow;
        var estimate = EstimateProgressBar.Show(progress => new Estimator(proc).Run(targets, options, progress, limited.Token));

        if (parsed.GetValue(s_json))
        {
            Console.Out.Write(EstimateJson.From(estimate, options, takenAt, parsed.GetValue(s_addressMap)).ToText());
        }
        else
        {
            new EstimateText(ConsoleText.StandardOutput(), estimate, options).Write();
        }

        if (file is not null)
        {
            file.Write(HtmlReport.Render(estimate, options, ReportOrigin.Here(takenAt)));
            Console.Error.WriteLine($"samepage: the report is in {file.Path}");
        }

        return ExitCode.Done;
    }

    private static EstimateOptions Options(ParseResult parsed) => new()
    {
        Interval = parsed.GetValue(s_interval) is { } interval ? DurationText.Parse("--interval", interval) : null,
        SampleOneIn = parsed.GetValue(s_sample) is { } sample ? SampleOneIn(sample) : 1,
        Verify = parsed.GetValue(s_verify),
        Workers = parsed.GetValue(s_workers) is { } workers ? Workers(workers) : 0,
    };

    private static int SampleOneIn(string text) =>
        text.StartsWith("1/", StringComparison.Ordinal) && TryCount(text[2..], 1_000_000, out var oneIn)
            ? oneIn
            : throw new CommandFailure(ExitCode.Usage, $"--sample wants 1/N with N from 1 to 1000000, such as 1/16, not '{text}'");

    private static int Workers(string text) => TryCount(text, 1024, out var workers)
        ? workers
        : throw new CommandFailure(ExitCode.Usage, $"--workers wants a number from 1 to 1024, not '{text}'");

    private static bool TryCount(string text, int most, out int count) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out count) && count >= 1 && count <= most;
}
