using Samepage.Scenarios.Trials;
using Spectre.Console;

namespace Samepage.Cli.Rendering;

/// <summary>Both engines side by side, as <c>samepage demo --engine both</c> ends.</summary>
internal static class DemoComparison
{
    /// <summary>Writes the table.</summary>
    /// <param name="console">Where to.</param>
    /// <param name="results">One for each engine.</param>
    public static void Write(IAnsiConsole console, IReadOnlyList<DemonstrationResult> results)
    {
        console.WriteHeading("Side by side");
        var table = new TextTable().AddColumn("", isNumber: false);
        foreach (var result in results)
        {
            table.AddColumn(result.Engine);
        }

        void Row(string name, Func<MergeAchievement, string> of) => table.AddRow(
            "default", [name, .. results.Select(result => result.Achievement is { } achieved ? of(achieved) : "-")]);

        Row("saved", achieved => Readable.Size(achieved.SavedBytes));
        Row("CPU", achieved => Readable.Seconds(achieved.EngineCpuSeconds));
        Row("time", achieved => Readable.Seconds(achieved.WallSeconds));
        Row("longest stall", achieved => achieved.StallMicrosecondsMax is { } stall ? Readable.Seconds(stall / 1e6) : "not counted");
        table.AddRow("default", ["data unchanged", .. results.Select(Unchanged)]);
        table.Write(console);
    }

    private static string Unchanged(DemonstrationResult result) =>
        FormattableString.Invariant($"{result.Content.Count(check => check is { IsUnchanged: true })} of {result.Count}");
}
