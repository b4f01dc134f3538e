using System.CommandLine;
using System.Globalization;
using Samepage.Cli.Rendering;
using Samepage.Governing;
using Samepage.Linux.Proc;
using Samepage.Linux.Sys;
using Samepage.Scenarios;
using Samepage.Scenarios.Trials;

namespace Samepage.Cli.Commands;

/// <summary><c>samepage demo</c>: real programs, a promise, a merge, and whether the promise came true.</summary>
internal static class DemoCommand
{
    private static readonly TimeSpan s_timeout = TimeSpan.FromMinutes(5);

    private static readonly Option<int> s_guests = new("--guests") { Description = "How many programs to start (2 to 64)", HelpName = "N", DefaultValueFactory = _ => 4 };
    private static readonly Option<string> s_size = new("--guest-size") { Description = "Memory of a guest: 128M to 16G", HelpName = "SIZE", DefaultValueFactory = _ => "256M" };
    private static readonly Option<string> s_programs = new("--programs") { Description = "Guests, workers, or best: guests where QEMU and a kernel are there, else copies of perl or python3", HelpName = "best|guests|workers", DefaultValueFactory = _ => "best" };
    private static readonly Option<string> s_engine = new("--engine") { Description = "What merges: kernel (KSM, in programs that know nothing of it), user (Samepage's own), both (one after the other, side by side), or best: user where this machine can", HelpName = "best|kernel|user|both", DefaultValueFactory = _ => "best" };
    private static readonly Option<string?> s_interval = new("--interval") { Description = "Let the estimate look twice, this far apart", HelpName = "TIME" };
    private static readonly Option<bool> s_json = new("--json") { Description = "Write JSON instead of text" };

    public static Command Create()
    {
        var command = new Command("demo", "Start real programs, promise a saving, merge, check, and leave the machine as it was.");
        foreach (var option in new Option[] { s_guests, s_size, s_programs, s_engine, s_interval, s_json })
        {
            command.Options.Add(option);
        }

        Manual.Add(
            command,
            "Real programs hold much the same memory and check their own data; what the estimate promises is compared with what merging achieves, and not a byte may differ. The programs end with the demo, and settings of ksmd are put back, also on Ctrl-C and after a kill at the next start. Without root or without KSM it estimates only, and says what is missing.",
            "Exit status: 0 done; 1 a program's data changed, ksmd refused a setting, or it was interrupted; 2 a bad value; 3 no program could be started.");
        command.SetVerb(Run);
        return command;
    }

    private static int Run(ParseResult parsed, CancellationToken cancel)
    {
        var (proc, ksm) = (new ProcFs(), new KsmSysfs());
        var choice = DemoEngines.Choose(parsed.GetValue(s_engine)!);
        var options = Options(parsed, proc);
        try
        {
            var (results, reason) = StepDisplay.Show(display => choice.Run(proc, ksm, options, display, cancel));
            Write(results, reason, parsed.GetValue(s_json));
            return results.All(result => result.IsContentUnchanged) ? ExitCode.Done : ExitCode.Failed;
        }
        catch (OperationCanceledException)
        {
            throw new CommandFailure(ExitCode.Failed, "interrupted; programs ended, and settings put back as they were");
        }
        catch (ScenarioException failure)
        {
            throw new CommandFailure(ExitCode.Missing, failure.Message);
        }
    }

    private static DemonstrationOptions Options(ParseResult parsed, ProcFs proc)
    {
        var count = parsed.GetValue(s_guests);
        if (count is < 2 or > 64)
        {
            throw new CommandFailure(ExitCode.Usage, $"--guests wants a number from 2 to 64, not {count.ToString(CultureInfo.InvariantCulture)}");
        }

        var request = new ProgramRequest(
            count, Megabytes(parsed.GetValue(s_size)!), MemInfo.Read(proc).AvailableBytes, CacheDirectory.Default,
            Kind(parsed.GetValue(s_programs)!));
        var interval = parsed.GetValue(s_interval) is { } text ? DurationText.Parse("--interval", text) : (TimeSpan?)null;
        return new DemonstrationOptions(request, interval, s_timeout, StateDirectory.Default);
    }

    private static ProgramKind Kind(string text) => text switch
    {
        "best" => ProgramKind.Best,
        "guests" => ProgramKind.Guests,
        "workers" => ProgramKind.Workers,
        _ => throw new CommandFailure(ExitCode.Usage, $"--programs wants best, guests or workers, not '{text}'"),
    };

    /// <summary>Megabytes, with or without the letter, or gigabytes.</summary>
    private static int Megabytes(string text)
    {
        var factor = text.EndsWith('G') ? 1024 : 1;
        return int.TryParse(text.TrimEnd('M', 'G'), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number <= 16 * 1024 && number * factor is >= 128 and <= 16 * 1024
            ? number * factor
            : throw new CommandFailure(ExitCode.Usage, $"--guest-size wants 128M to 16G, such as 256M or 1G, not '{text}'");
    }

    private static void Write(IReadOnlyList<DemonstrationResult> results, string engineReason, bool json)
    {
        if (json)
        {
            Console.Out.Write(DemoJson.From(results, engineReason).ToText());
            return;
        }

        var console = ConsoleText.StandardOutput();
        foreach (var result in results)
        {
            new DemoText(console, result, engineReason).Write();
        }

        if (results.Count > 1)
        {
            DemoComparison.Write(console, results);
        }
    }
}
