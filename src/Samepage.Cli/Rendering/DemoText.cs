using System.Globalization;
using Samepage.Scenarios.Trials;
using Spectre.Console;

namespace Samepage.Cli.Rendering;

/// <summary>What <c>samepage demo</c> tells a person.</summary>
/// <param name="console">Where to.</param>
/// <param name="result">What came of it.</param>
/// <param name="engineReason">Why this engine.</param>
internal sealed class DemoText(IAnsiConsole console, DemonstrationResult result, string engineReason)
{
    /// <summary>Writes all of it.</summary>
    public void Write()
    {
        var (promise, achievement) = (result.Promise, result.Achievement);
        var kind = result.Programs.Kind;
        console.WriteHeading(
            $"{Readable.Count(result.Count, kind, kind + "s")} of {result.Programs.Megabytes} MB, "
            + (achievement is null ? "estimated only" : $"merged by the {result.Engine} engine"));
        WriteSavings(promise, achievement);
        WriteCosts(promise, achievement);
        console.WriteLine();
        WriteContent();
        WriteReasons(achievement);
    }

    private void WriteSavings(MergePromise promise, MergeAchievement? achieved)
    {
        var table = new TextTable().AddColumn("", isNumber: false).AddColumn("promised").AddColumn("achieved").AddColumn("deviation");
        void Row(string name, long pages, long? got, string style = "default") => table.AddRow(
            style, name, Readable.Count(pages), got is { } number ? Readable.Count(number) : "-",
            got is { } figure ? Deviation(figure, pages) : "-");

        Row("pages", promise.Pages, achieved?.SavedPages, "bold");
        table.AddRow(
            "bold", "memory", Readable.Size(promise.Bytes), achieved is null ? "-" : Readable.Size(achieved.SavedBytes), "");
        table.Write(console);
    }

    private void WriteCosts(MergePromise promise, MergeAchievement? achieved)
    {
        console.WriteLine();
        var table = new TextTable().AddColumn("", isNumber: false).AddColumn("CPU").AddColumn("time");
        var cost = promise.Estimate.Cost;
        table.AddRow("default", "the estimate", Readable.Seconds(cost.CpuSeconds), Readable.Seconds(cost.WallSeconds));
        if (achieved is not null)
        {
            table.AddRow(
                "default", $"{(result.Engine == "kernel" ? "ksmd" : "the engine")}, to convergence",
                Readable.Seconds(achieved.EngineCpuSeconds), Readable.Seconds(achieved.WallSeconds));
        }

        table.AddRow("dim", "samepage, all in all", Readable.Seconds(result.CpuSeconds), Readable.Seconds(result.WallSeconds));
        table.Write(console);
    }

    private void WriteContent()
    {
        var good = result.Content.Count(check => check is { IsUnchanged: true });
        var when = result.Achievement is null ? "" : " after the merge";
        console.WriteParagraph(
            result.IsContentUnchanged
                ? $"Content: all {Readable.Count(good)} {result.Programs.Kind}s read their data again{when}; not a byte differs."
                : $"CONTENT: only {Readable.Count(good)} of {Readable.Count(result.Count)} found their data unchanged{when}.",
            result.IsContentUnchanged ? "default" : "bold red");
    }

    private void WriteReasons(MergeAchievement? achieved)
    {
        console.WriteParagraph($"Programs: {result.Programs.Reason}.");
        if (achieved is null)
        {
            console.WriteParagraph($"Engine: none, nothing was merged. Missing: {string.Join("; ", result.Missing)}.", "yellow");
        }
        else if (result.Engine == "kernel")
        {
            console.WriteParagraph(
                "Engine: kernel. This kernel has KSM and root may opt in programs that were not written for it; ksmd: "
                + $"{achieved.Convergence.Reason} ({Readable.Count(achieved.FullScans)} in all).");
            console.WriteParagraph("The programs have ended and ksmd's settings are as they were found.");
        }
        else
        {
            console.WriteParagraph($"Engine: user ({engineReason}); {achieved.Convergence.Reason}.");
            console.WriteParagraph(
                $"Longest time that a part of a program's memory was held back: {Readable.Seconds((achieved.StallMicrosecondsMax ?? 0) / 1e6)}. "
                + "The programs and the domain's keeper have ended.");
        }

        if (result.PutBack.Count > 0)
        {
            console.WriteParagraph($"An earlier run was killed; put back: {string.Join(", ", result.PutBack)}.");
        }
    }

    private static string Deviation(long got, long promised) => promised == 0
        ? "-"
        : (100.0 * (got - promised) / promised).ToString("+0.00;-0.00;0.00", CultureInfo.InvariantCulture) + " %";
}
