using System.Globalization;
using Samepage.Governing;
using Samepage.Guarding;
using Spectre.Console;

namespace Samepage.Cli.Rendering;

/// <summary>The merging of a host and its processes, for people.</summary>
internal static class StatusText
{
    private const int Indent = 12;

    public static void WriteHost(
        IAnsiConsole console, HostMerging host, HostCoverage? coverage, ConvergenceVerdict verdict, KsmdPace? pace)
    {
        WriteCoverage(console, coverage);
        Line(console, "ksmd", $"{Words(host.State)}{(host.IsAdvisorOn ? ", paced by the advisor" : "")}; {Readable.Count(host.Sample.FullScans, "full scan", "full scans")}");
        Line(console, "saved", $"{Readable.Size(host.SavedBytes)}: {Readable.Count(host.PagesSharing)} pages on {Readable.Count(host.PagesShared)} stable pages, {Readable.Count(host.ZeroPages)} zero pages");
        Line(console, "profit", $"{Readable.Size(host.ProfitBytes)} after {Readable.Size(host.MetadataBytes)} of metadata");
        Line(console, "unmerged", $"{Readable.Count(host.PagesUnshared)} unique, {Readable.Count(host.PagesVolatile)} volatile, new or skipped");
        Line(console, "ksmd's CPU", Cpu(host, pace));
        Line(console, "merging", $"{Words(verdict.State)}: {verdict.Reason}", verdict.State == Convergence.Converged ? "green" : "default");
    }

    /// <summary>What would be needed if every merged page broke, and what there is: the first that an operator wants to know.</summary>
    private static void WriteCoverage(IAnsiConsole console, HostCoverage? host)
    {
        if (host is { Coverage: var coverage, Headroom: var headroom })
        {
            Line(console, "coverage", $"{GuestWords.Coverage(coverage.Ratio)}; exposure {Readable.Size(coverage.ExposureBytes)}, headroom {Readable.Size(coverage.HeadroomBytes)} ({Readable.Size(headroom.AvailableBytes)} of memory + {Readable.Size(headroom.SwapFreeBytes)} of swap - {Readable.Size(HostHeadroom.ReserveBytes)} reserve)", coverage.IsAtLeast(1) ? "default" : "red");
        }
    }

    public static void WriteProcesses(IAnsiConsole console, IReadOnlyList<ProcessMerging> processes)
    {
        var table = new TextTable().AddColumn("PID").AddColumn("NAME", isNumber: false).AddColumn("SAVED")
            .AddColumn("PROFIT").AddColumn("MERGED", rank: 2).AddColumn("ZERO", rank: 3).AddColumn("TRACKED", rank: 4)
            .AddColumn("OPTED IN", isNumber: false, rank: 1);
        foreach (var process in processes)
        {
            var pid = process.Pid.ToString(CultureInfo.InvariantCulture);
            if (process.IsReadable)
            {
                table.AddRow(
                    "default", pid, Readable.Name(process.Name), Readable.Size(process.SavedBytes), Readable.Size(process.ProfitBytes),
                    Readable.Count(process.MergedPages), Readable.Count(process.ZeroPages), Readable.Count(process.TrackedPages), Words(process.OptIn));
            }
            else
            {
                table.AddRow("dim", pid, Readable.Name(process.Name), "?", "?", "?", "?", "?", "not permitted");
            }
        }

        table.Write(console);
    }

    /// <summary>What the table leaves out, or null.</summary>
    public static string? Rest(ProcessSurvey survey)
    {
        var parts = new List<string>();
        if (survey.OptedInUnmerged > 0)
        {
            parts.Add($"{Readable.Count(survey.OptedInUnmerged, "other process has", "other processes have")} opted in and nothing merged");
        }

        if (survey.Unreadable > 0)
        {
            parts.Add($"{Readable.Count(survey.Unreadable, "process", "processes")} not permitted to look at (run as root)");
        }

        return parts.Count == 0 ? null : string.Join("; ", parts);
    }

    public static string Words(OptInKind kind) => kind switch
    {
        OptInKind.WholeProcess => "whole process",
        OptInKind.Regions => "own regions",
        OptInKind.Unknown => "yes",
        _ => "no",
    };

    private static string Words(KsmdState state) => state switch
    {
        KsmdState.Scanning => "scanning",
        KsmdState.Stopped => "stands still (run=0); what is merged stays merged",
        KsmdState.Unmerging => "told to unmerge all (run=2)",
        _ => "not in this kernel",
    };

    private static string Words(Convergence state) => state switch
    {
        Convergence.Converged => "converged",
        Convergence.Growing => "growing",
        _ => "not known",
    };

    private static string Cpu(HostMerging host, KsmdPace? pace)
    {
        var total = host.KsmdCpuSeconds is { } seconds ? $"{Readable.Seconds(seconds)} since boot" : "its thread cannot be seen from here";
        return pace is { } known
            ? total + FormattableString.Invariant($"; {known.CpuShare * 100:0.0} % of a CPU over the last {Readable.Seconds(known.Over.TotalSeconds)}")
            : total;
    }

    /// <summary>A label and what belongs to it, broken between words.</summary>
    public static void Line(IAnsiConsole console, string label, string text, string style = "default")
    {
        var first = true;
        foreach (var line in ConsoleText.Wrap(text, Math.Max(30, console.Profile.Width - Indent), 0))
        {
            console.Write(new Text((first ? label : "").PadRight(Indent), Style.Parse("dim")));
            console.WriteText(line, style);
            first = false;
        }
    }
}

/// <summary>What ksmd spent between two looks.</summary>
/// <param name="CpuShare">1 is a whole CPU.</param>
/// <param name="Over">The time between the looks.</param>
internal readonly record struct KsmdPace(double CpuShare, TimeSpan Over)
{
    /// <summary>Null where ksmd was not seen twice, or too shortly after.</summary>
    public static KsmdPace? Between(double? cpuBefore, DateTimeOffset before, HostMerging now)
    {
        var over = now.Sample.TakenAt - before;
        return cpuBefore is { } earlier && now.KsmdCpuSeconds is { } later && later >= earlier && over >= TimeSpan.FromMilliseconds(200)
            ? new KsmdPace((later - earlier) / over.TotalSeconds, over)
            : null;
    }
}
