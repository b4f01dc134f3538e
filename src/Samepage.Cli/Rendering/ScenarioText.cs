using Samepage.Scenarios.Running;
using Spectre.Console;

namespace Samepage.Cli.Rendering;

/// <summary>What <c>samepage scenario</c> tells a person.</summary>
internal static class ScenarioText
{
    /// <summary>Lists what there is.</summary>
    public static void List(IReadOnlyList<IScenario> scenarios, bool json)
    {
        if (json)
        {
            var entries = scenarios.Select(each => new ScenarioEntryJson(
                each.Name, each.Summary, each.Defaults.Programs, each.Defaults.ProgramBytes, each.Defaults.HostBytes));
            Console.Out.Write(new ScenarioListJson(ScenarioListJson.SchemaName, [.. entries]).ToText());
            return;
        }

        var console = ConsoleText.StandardOutput();
        var width = scenarios.Select(each => each.Name.Length).DefaultIfEmpty(0).Max();
        foreach (var scenario in scenarios)
        {
            console.WriteParagraph($"{scenario.Name.PadRight(width)}  {scenario.Summary}", indent: width + 2);
        }
    }

    /// <summary>Writes what came of one.</summary>
    public static void Write(IAnsiConsole console, ScenarioResult result)
    {
        console.WriteHeading($"{result.Scenario}: {Sentence(result)}");
        var table = new TextTable().AddColumn("", isNumber: false).AddColumn("").AddColumn("", isNumber: false);
        foreach (var (name, value, more) in Rows(result))
        {
            table.AddRow("default", name, value, more);
        }

        table.Write(console);
        if (result.StoppedBy is { } stop)
        {
            console.WriteParagraph($"Stopped by: {stop}.");
        }

        foreach (var note in result.Notes)
        {
            console.WriteParagraph(note);
        }
    }

    /// <summary>The outcome in one sentence, without a full stop.</summary>
    public static string Sentence(ScenarioResult result)
    {
        var size = result.ProgramBytes > 0 ? $" of {Readable.Size(result.ProgramBytes)}" : "";
        var limit = result.LimitBytes > 0 ? $" under a limit of {Readable.Size(result.LimitBytes)}" : "";
        var engine = result.Engine == ScenarioEngine.None ? "nothing merged" : $"{ScenarioJson.Name(result.Engine)} engine";
        return $"{Readable.Count(result.Up, result.Kind, result.Kind + "s")}{size} up{limit}, {Readable.Count(result.Verified)} verified ({engine})";
    }

    /// <summary>The figures that matter: name, value, and what more is to be said of it.</summary>
    public static IEnumerable<(string Name, string Value, string More)> Rows(ScenarioResult result)
    {
        var lost = result.Up - result.Verified - result.Corrupt;
        yield return (result.Kind + "s", Readable.Count(result.Up), $"of {Readable.Count(result.Wanted)} asked for: {Readable.Count(result.Verified)} verified, {Readable.Count(result.Corrupt)} corrupt, {Readable.Count(lost)} lost");
        yield return ("OOM kills", Readable.Count(result.OomKills), "");
        yield return ("peak of memory", Readable.Size(result.PeakBytes), result.LimitBytes > 0 ? $"of {Readable.Size(result.LimitBytes)} allowed" : "");
        yield return ("peak of swap", Readable.Size(result.SwapPeakBytes), SwapWords(result));
        yield return ("saved", Readable.Size(result.SavedBytes), result.SavedShare is { } share
            ? FormattableString.Invariant($"{100 * share:0.0} % of the {Readable.Size(result.OracleBytes)} that perfect merging would save") : "");
        yield return ("CPU of merging", Readable.Seconds(result.CpuSeconds), result.SavedBytes > 0
            ? FormattableString.Invariant($"{result.CpuSeconds / (result.SavedBytes / (double)(1 << 30)):0.00} s for each GiB saved") : "");
        yield return ("time", Readable.Seconds(result.WallSeconds), "");
    }

    private static string SwapWords(ScenarioResult result)
    {
        var share = result.SwapShare is { } part ? FormattableString.Invariant($"{100 * part:0.00} % of the memory given to them") : "";
        return result.SwapReadyBytes > 0 ? $"{share}{(share.Length > 0 ? "; " : "")}{Readable.Size(result.SwapReadyBytes)} stood ready" : share;
    }
}
