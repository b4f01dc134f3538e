using Samepage.Doctoring;
using Spectre.Console;

namespace Samepage.Cli.Rendering;

/// <summary>The doctor's report for people: a line for each finding, and what it means under it.</summary>
internal static class DoctorText
{
    private const int Indent = 29;

    public static void Write(IAnsiConsole console, HostReport report)
    {
        console.WriteText($"Linux {report.Kernel}", "bold");
        foreach (var group in report.Findings.GroupBy(finding => finding.Group))
        {
            console.WriteHeading(group.Key);
            foreach (var finding in group)
            {
                Write(console, finding);
            }
        }

        console.WriteLine();
        console.WriteParagraph(Verdict(report), report.CanMerge ? "bold green" : "bold red");
    }

    private static void Write(IAnsiConsole console, Finding finding)
    {
        var (word, style) = finding.State switch
        {
            FindingState.Ok => ("ok", "green"),
            FindingState.Limited => ("limited", "yellow"),
            _ => ("missing", "red"),
        };
        var lines = ConsoleText.Wrap($"{finding.Found}: {finding.Meaning}", Room(console), 0);
        if (finding.Remedy is { } remedy)
        {
            lines = lines.Concat(ConsoleText.Wrap($"to mend: {remedy}", Room(console), 2));
        }

        var first = true;
        foreach (var line in lines)
        {
            console.Write(new Text(first ? $"  {word,-9}" : new string(' ', 11), Style.Parse(style)));
            console.Write(new Text(first ? $"{finding.Title,-18}" : new string(' ', Indent - 11)));
            console.WriteText(line);
            first = false;
        }
    }

    private static int Room(IAnsiConsole console) => Math.Max(30, Math.Min(console.Profile.Width, 120) - Indent);

    private static string Verdict(HostReport report)
    {
        var lacking = report.Findings.Where(finding => finding.IsRequired && finding.State == FindingState.Missing)
            .Select(finding => finding.Title).ToArray();
        return lacking.Length == 0
            ? "Merging by the kernel works here."
            : $"Merging by the kernel does not work here; missing: {string.Join(", ", lacking)}.";
    }
}
