using System.CommandLine;
using Samepage.Cli.Rendering;
using Samepage.Cli.Rendering.Report;
using Samepage.Governing;
using Samepage.Scenarios;
using Samepage.Scenarios.Running;
using Samepage.Scenarios.Users;

namespace Samepage.Cli.Commands;

/// <summary><c>samepage scenario</c>: lists ready scenarios, and runs one.</summary>
internal static class ScenarioCommand
{
    private static readonly Argument<string?> s_name = new("NAME") { Description = "Which one to run; without a name they are listed", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Option<string> s_engine = new("--engine") { Description = "What merges: kernel, user, none (the control), or best: user where this machine can", HelpName = "ENGINE", DefaultValueFactory = _ => "best" };
    private static readonly Option<bool> s_control = new("--control") { Description = "The same as --engine none: no merging, until the first program dies or swap is full" };
    private static readonly Option<int?> s_programs = new("--guests", "--programs") { Description = "How many guests or programs", HelpName = "N" };
    private static readonly Option<string?> s_size = new("--guest-size") { Description = "Memory of each guest: 256M, 1G", HelpName = "SIZE" };
    private static readonly Option<string?> s_host = new("--host") { Description = "Memory that all of them may have together: 16G", HelpName = "SIZE" };
    private static readonly Option<bool> s_untilFull = new("--until-full") { Description = "Go on beyond --guests until one is refused or the limit stops it" };
    private static readonly Option<double> s_coverage = new("--coverage") { Description = "Admit no guest with which the host could supply less than so many times what merged pages need if all broke; swap is made ready for it (0 to 2, default 1)", HelpName = "RATIO", DefaultValueFactory = _ => 1 };
    private static readonly Option<bool> s_anyway = new("--anyway") { Description = "Run although other programs of the kind are running here" };
    private static readonly Option<string?> s_report = new("--report") { Description = "Write a report with plots, one HTML file", HelpName = "FILE" };
    private static readonly Option<bool> s_json = new("--json") { Description = "Write JSON instead of text" };

    public static Command Create()
    {
        var command = new Command("scenario", "Run a ready scenario of real programs under a memory limit, or list them.") { s_name };
        foreach (var option in new Option[] { s_engine, s_control, s_programs, s_size, s_host, s_untilFull, s_coverage, s_anyway, s_report, s_json })
        {
            command.Options.Add(option);
        }

        Manual.Add(
            command,
            "Everything that a scenario starts, changes or creates is gone or put back when it ends, also after Ctrl-C; after a kill the next run clears up.",
            "Exit status: 0 it came out as promised; 1 it did not, was interrupted, other programs of the kind are running, or another samepage drives ksmd; 2 an option will not do; 3 this machine lacks something; 4 not permitted.");
        command.SetVerb(Run);
        return command;
    }

    private static int Run(ParseResult parsed, CancellationToken cancel)
    {
        var json = parsed.GetValue(s_json);
        if (parsed.GetValue(s_name) is not { } name)
        {
            ScenarioText.List(ScenarioCatalog.All, json);
            return ExitCode.Done;
        }

        var scenario = ScenarioCatalog.All.FirstOrDefault(each => each.Name == name)
            ?? throw new CommandFailure(ExitCode.Usage, $"there is no scenario '{Readable.Name(name)}'; 'samepage scenario' lists them");
        var request = Request(parsed, scenario);
        var report = parsed.GetValue(s_report) is { } path ? ReportFile.At(path) : null;
        Check(scenario.FindLacks(request), request.Anyway);
        try
        {
            var begin = DateTimeOffset.Now;
            var result = ScenarioDisplay.Show(view => scenario.Run(request, view, cancel));
            report?.Write(ScenarioReport.Render(result, ReportOrigin.Here(begin)));
            Write(result, json);
            return result.IsGood ? ExitCode.Done : ExitCode.Failed;
        }
        catch (OperationCanceledException)
        {
            throw new CommandFailure(ExitCode.Failed, "interrupted; programs ended, and everything put back as it was");
        }
        catch (ScenarioException failure)
        {
            throw new CommandFailure(ExitCode.Failed, failure.Message);
        }
    }

    private static void Write(ScenarioResult result, bool json)
    {
        if (json)
        {
            Console.Out.Write(ScenarioJson.From(result).ToText());
        }
        else
        {
            ScenarioText.Write(ConsoleText.StandardOutput(), result);
        }
    }

    /// <summary>What is missing altogether is told before what somebody could mend by waiting.</summary>
    private static void Check(IReadOnlyList<ScenarioLack> lacks, bool anyway)
    {
        var inWay = lacks.Where(lack => !anyway || lack.Kind != ScenarioLackKind.Busy).OrderBy(lack => lack.Kind).ToList();
        if (inWay is [var first, ..])
        {
            var code = first.Kind switch
            {
                ScenarioLackKind.Missing => ExitCode.Missing,
                ScenarioLackKind.NotPermitted => ExitCode.NotPermitted,
                _ => ExitCode.Failed,
            };
            throw new CommandFailure(code, string.Join("; ", inWay.Where(lack => lack.Kind == first.Kind).Select(lack => lack.What)));
        }
    }

    private static ScenarioRequest Request(ParseResult parsed, IScenario scenario)
    {
        var defaults = scenario.Defaults;
        var files = UserEngineFiles.Find(AppContext.BaseDirectory, out var missing);
        var count = parsed.GetValue(s_programs) ?? defaults.Programs;
        var (min, max) = defaults.ProgramsRange;
        if (count < min || count > max)
        {
            throw new CommandFailure(ExitCode.Usage, FormattableString.Invariant($"--guests wants a number from {min} to {max}, not {count}"));
        }

        var untilFull = parsed.GetValue(s_untilFull);
        if (untilFull && !defaults.KnowsUntilFull)
        {
            throw Unknown(scenario, "--until-full");
        }

        var coverage = parsed.GetValue(s_coverage);
        if (coverage is not (>= 0 and <= 2))
        {
            throw new CommandFailure(ExitCode.Usage, FormattableString.Invariant($"--coverage wants a number from 0 to 2, not {coverage}"));
        }

        return new ScenarioRequest(
            Engine(parsed, scenario, files, string.Join("; ", missing)), count,
            GuestSize(parsed, scenario), Size(parsed, scenario, s_host, defaults.HostBytes))
        {
            UntilFull = untilFull,
            CoverageFloor = coverage,
            Anyway = parsed.GetValue(s_anyway),
            StateDirectory = StateDirectory.Default,
            CacheDirectory = CacheDirectory.Default,
            UserFiles = files,
        };
    }

    private static long GuestSize(ParseResult parsed, IScenario scenario)
    {
        var bytes = Size(parsed, scenario, s_size, scenario.Defaults.ProgramBytes) >> 20 << 20;
        var (min, max) = scenario.Defaults.ProgramBytesRange;
        return scenario.Defaults.ProgramBytes is null || (bytes >= min && bytes <= max)
            ? bytes
            : throw new CommandFailure(ExitCode.Usage, $"--guest-size wants {Readable.Size(min)} to {Readable.Size(max)}, not {Readable.Size(bytes)}");
    }

    private static long Size(ParseResult parsed, IScenario scenario, Option<string?> option, long? usual) =>
        parsed.GetValue(option) is not { } text ? usual ?? 0
            : usual is null ? throw Unknown(scenario, option.Name)
            : SizeText.Parse(option.Name, text);

    private static ScenarioEngine Engine(ParseResult parsed, IScenario scenario, UserEngineFiles? files, string lack)
    {
        var text = parsed.GetValue(s_control) ? "none" : parsed.GetValue(s_engine)!;
        return text switch
        {
            "best" => files is null || !scenario.Defaults.KnowsUserEngine ? ScenarioEngine.Kernel : ScenarioEngine.User,
            "kernel" => ScenarioEngine.Kernel,
            "user" when !scenario.Defaults.KnowsUserEngine => throw Unknown(scenario, "--engine user"),
            "user" when files is null => throw new CommandFailure(ExitCode.Missing, $"the user engine cannot run here; missing: {lack}"),
            "user" => ScenarioEngine.User,
            "none" when scenario.Defaults.KnowsControl => ScenarioEngine.None,
            "none" => throw Unknown(scenario, "--engine none"),
            _ => throw new CommandFailure(ExitCode.Usage, $"--engine wants best, kernel, user or none, not '{Readable.Name(text)}'"),
        };
    }

    private static CommandFailure Unknown(IScenario scenario, string option) =>
        new(ExitCode.Usage, $"the scenario {scenario.Name} does not know {option}");
}
