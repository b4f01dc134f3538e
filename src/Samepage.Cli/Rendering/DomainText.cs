using System.Globalization;
using Samepage.Merging.User.Keeping;
using Spectre.Console;

namespace Samepage.Cli.Rendering;

/// <summary>Domains of the user engine and their members, for people.</summary>
internal static class DomainText
{
    public static void Write(IAnsiConsole console, IReadOnlyList<DomainReport> reports)
    {
        foreach (var report in reports)
        {
            console.WriteHeading($"Domain {report.Domain}: {Readable.Count(report.Members.Count, "member", "members")}");
            WriteFigures(console, report);
            if (report.Members.Count > 0)
            {
                console.WriteLine();
                WriteMembers(console, [report], isNamed: false);
            }

            foreach (var member in report.Members.Where(member => member.Reason.Length > 0))
            {
                console.WriteParagraph($"{member.Pid}: {Readable.Name(member.Reason)}", "yellow", 2);
            }
        }
    }

    /// <summary>A row for each member of each domain.</summary>
    public static void WriteMembers(IAnsiConsole console, IReadOnlyList<DomainReport> reports, bool isNamed = true)
    {
        var table = new TextTable().AddColumn("PID").AddColumn("NAME", isNumber: false);
        _ = isNamed ? table.AddColumn("DOMAIN", isNumber: false) : table;
        table.AddColumn("STATE", isNumber: false).AddColumn("ADVISED", rank: 3).AddColumn("MERGED").AddColumn("BROKEN", rank: 4)
            .AddColumn("COW BREAKS", rank: 5).AddColumn("CPU", rank: 1).AddColumn("P99.9", rank: 2).AddColumn("LONGEST", rank: 2);
        foreach (var report in reports)
        {
            foreach (var member in report.Members)
            {
                var stalls = StallFigures.Of([member]);
                table.AddRow(member.State == "merging" ? "default" : "yellow", [
                    member.Pid.ToString(CultureInfo.InvariantCulture), Readable.Name(member.Name),
                    .. isNamed ? [report.Domain] : Array.Empty<string>(), member.State,
                    Readable.Size(DomainFigures.Bounded(member.Counters.AdvisedBytes)),
                    Readable.Size(DomainFigures.Bounded(member.Counters.MergedPages) * 4096),
                    Readable.Size(DomainFigures.Bounded(member.Counters.BrokenPages) * 4096),
                    Readable.Count(DomainFigures.Bounded(member.Counters.CowBreaksTotal)), Readable.Seconds(DomainFigures.CpuSeconds(member)),
                    Stall(stalls.MicrosecondsP999), Stall(stalls.MicrosecondsMax)]);
            }
        }

        table.Write(console);
    }

    /// <summary>How long memory was held back, in a fitting unit.</summary>
    public static string Stall(double microseconds) => microseconds switch
    {
        0 => "-",
        < 1000 => FormattableString.Invariant($"{microseconds:0} µs"),
        _ => FormattableString.Invariant($"{microseconds / 1000:0.0} ms"),
    };

    private static void WriteFigures(IAnsiConsole console, DomainReport report)
    {
        var figures = DomainFigures.Of(report);
        StatusText.Line(console, "saved", $"{Readable.Size(figures.SavedPages * 4096)}: {Readable.Count(figures.MergedPages)} pages merged on {Readable.Count(figures.StablePages)} stable pages");
        StatusText.Line(console, "segments", $"{Readable.Count(report.Segments.Count)} of {Readable.Size(report.Segments.Bytes)}, {Readable.Count(report.Segments.Retiring)} being emptied; {Readable.Count(report.StableContents)} contents stable, {Readable.Count(report.Notes)} noted");
        StatusText.Line(console, "COW breaks", $"{Readable.Count(figures.CowBreaksTotal)} so far");
        StatusText.Line(console, "CPU", $"{Readable.Seconds(figures.MembersCpuSeconds)} in members, {Readable.Seconds(report.CpuSeconds)} in the keeper (process {report.KeeperPid})");
        StatusText.Line(console, "memory", $"{Readable.Size(report.RssBytes)} in the keeper, of which {Readable.Size(report.IndexBytes)} for the index");
        StatusText.Line(console, "stalls", figures.Stalls.Windows == 0
            ? "none so far"
            : $"{Readable.Count(figures.Stalls.Windows)} windows; 99.9 % within {Stall(figures.Stalls.MicrosecondsP999)}, the longest {Stall(figures.Stalls.MicrosecondsMax)}");
    }
}
