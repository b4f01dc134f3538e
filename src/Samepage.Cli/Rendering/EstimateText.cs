using System.Globalization;
using Samepage.Estimating;
using Spectre.Console;
using static Samepage.Cli.Rendering.Readable;

namespace Samepage.Cli.Rendering;

/// <summary>
/// An estimate for the terminal: the sentence first, then what must be known to read it right, then the numbers from
/// the whole to the parts.
/// </summary>
internal sealed class EstimateText(IAnsiConsole console, Estimate estimate, EstimateOptions options)
{
    /// <summary>How the estimate was really made: without the second look where it was cut short before that.</summary>
    private readonly EstimateOptions _made = estimate.IsSecondLookMissing ? options with { Interval = null } : options;

    private const int TargetsShown = 20;
    private const int MatrixTargets = 12;

    /// <summary>Writes all of it.</summary>
    public void Write()
    {
        console.WriteParagraph(EstimateWords.Sentence(estimate), "bold");
        foreach (var warning in EstimateWords.Warnings(estimate))
        {
            console.WriteLine();
            console.WriteParagraph(warning, "yellow");
        }

        WriteTotals();
        WriteTargets();
        WriteSharing();
        WriteHugePages();
        WriteNotMergeable();
        console.WriteHeading("Cost");
        console.WriteParagraph(EstimateWords.Cost(estimate));
        if (estimate.Verification is { } verified)
        {
            console.WriteParagraph($"{Count(verified.ComparedPages, "duplicate", "duplicates")} compared byte by byte; {Count(verified.DifferentPages)} differed.");
        }

        if (EstimateWords.FrameIdentity(estimate) is { } identity)
        {
            console.WriteParagraph(identity);
        }
    }

    private void WriteTotals()
    {
        var totals = estimate.Totals;
        console.WriteHeading(estimate.Targets is [var only] ? $"{only.Pid} {Name(only.Name)}" : Count(estimate.Targets.Count, "process", "processes"));
        var table = new TextTable()
            .AddColumn("", isNumber: false).AddColumn("PAGES").AddColumn("SIZE").AddColumn("", isNumber: false, rank: 1);
        void Row(string what, long pages, string meaning, string style = "default") =>
            table.AddRow(style, what, Count(pages), Size(pages * 4096), meaning);

        Row("present", totals.PresentPages, "anonymous private pages in memory");
        Row("already shared", totals.AlreadySharedPages, totals.KsmMergedPages == 0
            ? "mapped more than once (fork)"
            : $"mapped more than once; {Count(totals.KsmMergedPages)} by KSM");
        Row("zero", totals.ZeroPages, "nothing but zeros");
        if (_made.Interval is { } interval)
        {
            Row("volatile", totals.VolatilePages, $"changed within {Seconds(interval.TotalSeconds)}");
        }

        Row("distinct", totals.DistinctPages, "different contents, which must stay");
        Row("savable", totals.SavablePages, "copies that merging would free", "bold");
        table.AddRow("bold", "net", "", Size(totals.NetSavableBytes), $"after {Size(totals.MetadataBytes)} of kernel metadata");
        if (totals.SwappedPages > 0)
        {
            Row("in swap", totals.SwappedPages, "not looked at", "dim");
        }

        table.Write(console);
    }

    private void WriteTargets()
    {
        if (estimate.Targets.Count > 1)
        {
            var order = estimate.OrderBySaving();
            var count = order.Count > TargetsShown + 4 ? TargetsShown : order.Count;
            new TargetTable(estimate, _made).Write(console, [.. order.Take(count)], [.. order.Skip(count)]);
        }

        foreach (var target in estimate.Targets.Where(target => target.Note is not null).Take(TargetsShown))
        {
            console.WriteParagraph($"{target.Pid} {Name(target.Name)}: {Name(target.Note!)}", "yellow", indent: 2);
        }
    }

    /// <summary>Contents in common, in MiB; only where a matrix is small enough to be read.</summary>
    private void WriteSharing()
    {
        var targets = estimate.Targets;
        if (targets.Count is < 2 or > MatrixTargets || estimate.Sharing.SharedContents.Length != targets.Count)
        {
            return;
        }

        var table = new TextTable().AddColumn("", isNumber: false).AddColumn("", isNumber: false, rank: 1);
        for (var column = 0; column < targets.Count; column++)
        {
            table.AddColumn(targets[column].Pid.ToString(CultureInfo.InvariantCulture));
        }

        for (var row = 0; row < targets.Count; row++)
        {
            table.AddRow("default", [targets[row].Pid.ToString(CultureInfo.InvariantCulture), Name(targets[row].Name),
                .. estimate.Sharing.SharedContents[row].Select(contents => Mebibytes(contents))]);
        }

        console.WriteHeading("Who shares with whom: contents in common, MiB" + (estimate.Sharing.IsTruncated ? " (at least)" : ""));
        if (!table.Fits(console))
        {
            console.WriteText($"needs a window of {table.SmallestWidth} columns; --html shows it too", "dim");
            return;
        }

        table.Write(console);
    }

    private void WriteHugePages()
    {
        if (EstimateWords.HugePages(estimate) is { } sentence)
        {
            console.WriteHeading("Huge pages");
            console.WriteParagraph(sentence);
        }
    }

    private void WriteNotMergeable()
    {
        var parts = estimate.NotMergeable.Where(memory => memory.ResidentBytes > 0).ToList();
        if (parts.Count == 0)
        {
            return;
        }

        console.WriteHeading("Not mergeable");
        foreach (var memory in parts)
        {
            var holder = estimate.Targets.Count > 1 && UnmergeableWords.IsMendable(memory.Reason)
                && UnmergeableWords.Holder(estimate, memory.Reason) is { } most ? $" Most of it: {most.Pid} {Name(most.Name)}." : "";
            var style = UnmergeableWords.IsMendable(memory.Reason) ? "yellow" : "default";
            console.WriteParagraph(
                $"{Size(memory.ResidentBytes),9}  {UnmergeableWords.Label(memory.Reason)}: {UnmergeableWords.Explanation(memory.Reason)}{holder}",
                style, indent: 11);
        }
    }

    private static string Mebibytes(long pages) =>
        (pages / 256.0).ToString(pages is > 0 and < 2560 ? "0.0" : "0", CultureInfo.InvariantCulture);
}
