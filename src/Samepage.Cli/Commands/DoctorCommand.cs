using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Samepage.Cli.Rendering;
using Samepage.Doctoring;
using Samepage.Linux.Proc;
using Spectre.Console;

namespace Samepage.Cli.Commands;

/// <summary><c>samepage doctor</c>: what this kernel and machine offer.</summary>
internal static class DoctorCommand
{
    /// <summary>The one argument with which the executable only reports whether it was started opted in.</summary>
    public const string ExitStatusArgument = "--internal-merge-exit-status";

    private static readonly Option<bool> s_json = new("--json") { Description = "Write JSON instead of text" };

    public static Command Create()
    {
        var command = new Command("doctor", "Say what this kernel and machine offer, what it means and how to mend it.");
        command.Options.Add(s_json);
        Manual.Add(
            command,
            "Looks at the kernel and the machine, and tries out on itself what can only be found out by trying: opting in and out again, whether a program that it executes keeps the opt-in, userfaultfd. Nothing of it lasts. Without root it works as well, and says what is out of reach.",
            "Exit status: 0 merging by the kernel works here; 3 something that it needs is missing.");
        command.SetVerb((parsed, _) => Run(parsed.GetValue(s_json)));
        return command;
    }

    private static int Run(bool isJson)
    {
        var report = new Inspector(new ProcFs(), "/sys", new LiveKernelProbes(SelfProcess.Command(ExitStatusArgument)), DaemonQuery.DriverInWords()).Inspect();
        if (isJson)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(DoctorJson.From(report), DoctorJsonContext.Default.DoctorJson));
        }
        else
        {
            DoctorText.Write(ConsoleText.StandardOutput(), report);
        }

        return report.CanMerge ? ExitCode.Done : ExitCode.Missing;
    }
}

/// <summary>The report as <c>samepage.doctor/1</c>.</summary>
internal sealed record DoctorJson(string Schema, string Kernel, bool CanMerge, IReadOnlyList<DoctorJson.Check> Checks)
{
    public static DoctorJson From(HostReport report) =>
        new("samepage.doctor/1", report.Kernel, report.CanMerge, [.. report.Findings.Select(finding => new Check(
            finding.Id, finding.Group, finding.Title, finding.State, finding.Found, finding.Meaning, finding.Remedy, finding.IsRequired))]);

    internal sealed record Check(
        string Id, string Group, string Title, FindingState State, string Found, string Meaning, string? Remedy, bool Required);
}

internal sealed class FindingStateConverter() : JsonStringEnumConverter<FindingState>(JsonNamingPolicy.SnakeCaseLower);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, Converters = [typeof(FindingStateConverter)])]
[JsonSerializable(typeof(DoctorJson))]
internal sealed partial class DoctorJsonContext : JsonSerializerContext;
