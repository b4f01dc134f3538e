using System.Globalization;
using Samepage.Guarding;
using Samepage.Planning;
using Spectre.Console;

namespace Samepage.Cli.Rendering;

/// <summary>An admission with its arithmetic, for people.</summary>
internal static class AdmissionText
{
    public static void Write(IAnsiConsole console, Admission admission, HostCoverage host, string? daemonRefusal, IReadOnlyList<string> assumptions)
    {
        var guest = admission.Guest;
        console.WriteParagraph(
            admission.IsAdmitted && daemonRefusal is { } figures ? $"no: the daemon's guard admits nobody at the moment ({figures})." : Verdict(admission),
            admission.IsAdmitted && daemonRefusal is null ? "green" : "yellow");
        console.WriteLine();
        StatusText.Line(console, "the guest", $"needs {Readable.Size(guest.SizeBytes)} + {Readable.Size(guest.OverheadBytes)} besides = {Readable.Size(guest.NeededBytes)}, of which merging is expected to free {Readable.Size(guest.MergedBytes)}");
        StatusText.Line(console, "headroom", $"{Readable.Size(host.Headroom.AvailableBytes)} of memory + {Readable.Size(host.Headroom.SwapFreeBytes)} of swap - {Readable.Size(HostHeadroom.ReserveBytes)} reserve = {Readable.Size(host.Headroom.Bytes)}");
        StatusText.Line(console, "exposure", $"{Readable.Size(host.Exposure.KernelBytes)} merged by ksmd + {Readable.Size(host.Exposure.UserBytes)} by the user engine = {Readable.Size(host.Exposure.Bytes)}");
        console.WriteLine();
        WriteScopes(console, admission);
        console.WriteHeading("It assumes that");
        foreach (var assumption in assumptions)
        {
            console.WriteParagraph($"- {assumption}", indent: 2);
        }
    }

    private static void WriteScopes(IAnsiConsole console, Admission admission)
    {
        var table = new TextTable().AddColumn("", isNumber: false).AddColumn("", isNumber: false).AddColumn("EXPOSURE").AddColumn("HEADROOM")
            .AddColumn("COVERAGE").AddColumn("FLOOR");
        foreach (var scope in admission.Scopes)
        {
            Row(scope.Name, "now", scope.Before, "");
            Row("", "with the guest", scope.After, scope.Floor.ToString("0.0#", CultureInfo.InvariantCulture), scope.Verdict == AdmissionVerdict.Admitted ? "default" : "yellow");
        }

        table.Write(console);

        void Row(string name, string when, Coverage coverage, string floor, string style = "default") => table.AddRow(
            style, Readable.Name(name == "" ? " " : name), when, Readable.Size(coverage.ExposureBytes), Readable.Size(coverage.HeadroomBytes), Ratio(coverage.Ratio), floor);
    }

    private static string Verdict(Admission admission)
    {
        var size = Readable.Size(admission.Guest.SizeBytes);
        if (admission.Scopes.FirstOrDefault(scope => scope.Verdict != AdmissionVerdict.Admitted) is not { } first)
        {
            return $"yes: one more guest of {size} may come.";
        }

        var where = first.Name == "host" ? "the host" : $"control group {Readable.Name(first.Name)}";
        return first.Verdict == AdmissionVerdict.DoesNotFit
            ? $"no: a guest of {size} needs {Readable.Size(first.Guest.NeededBytes)} before it is merged, and {where} could supply {Readable.Size(Math.Max(0, first.Before.HeadroomBytes))}."
            : string.Create(CultureInfo.InvariantCulture, $"no: with a guest of {size} the coverage of {where} would be {Ratio(first.After.Ratio)}, below the floor of {first.Floor:0.0#}.");
    }

    private static string Ratio(double? ratio) => ratio switch
    {
        null => "-",
        >= 99.95 => ">99",
        _ => (Math.Floor(ratio.Value * 100) / 100).ToString("0.00", CultureInfo.InvariantCulture),
    };
}
