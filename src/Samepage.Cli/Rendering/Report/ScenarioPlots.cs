using Samepage.Scenarios.Running;

namespace Samepage.Cli.Rendering.Report;

/// <summary>Which plots a scenario's report shows.</summary>
internal static class ScenarioPlots
{
    private const double GiB = 1 << 30;

    /// <summary>All of them; those of which nothing was measured are left out.</summary>
    public static IEnumerable<LinePlot> All(ScenarioResult result)
    {
        var series = result.Series;
        if (series.Count < 2)
        {
            yield break;
        }

        PlotLine Line(string name, string colour, Func<ScenarioMoment, double?> of) =>
            new(name, colour, [.. series.Where(moment => of(moment) is not null).Select(moment => (moment.Seconds, of(moment)!.Value))]);

        yield return new LinePlot($"{char.ToUpperInvariant(result.Kind[0])}{result.Kind[1..]}s up", "How many had come up and still ran.", result.Kind + "s", [Line("up", "savable", moment => moment.ProgramsUp)]);
        yield return new LinePlot("Memory", "What the programs were given, what they occupy, and what the host uses.", "GiB",
        [
            Line("given", "kept", moment => moment.ProgramBytes / GiB),
            Line("occupied", "savable", moment => moment.UsedBytes / GiB),
            Line("whole host", "volatile", moment => moment.HostUsedBytes / GiB),
        ])
        { Mark = result.LimitBytes > 0 ? ("limit", result.LimitBytes / GiB) : null };
        yield return new LinePlot("Saving", "Memory that merging saves.", "GiB", [Line("saved", "shared", moment => moment.SavedBytes / GiB)])
        { Mark = result.OracleBytes > 0 ? ("perfect merging at the end", result.OracleBytes / GiB) : null };
        yield return new LinePlot("CPU time", "What merging and the programs have spent so far.", "s",
        [
            Line("merging", "savable", moment => moment.EngineCpuSeconds),
            Line(result.Kind + "s", "kept", moment => moment.ProgramCpuSeconds),
        ]);
        if (series.Any(moment => moment.Coverage is not null))
        {
            // Before much is merged the ratio is of no use and of any size.
            yield return new LinePlot("Coverage", "What could be supplied for each byte that would be needed if every merged page broke at once; cut off at 4.", "", [Line("coverage", "savable", moment => moment.Coverage is { } ratio ? Math.Min(ratio, 4) : null)])
            { Mark = ("all of it covered", 1) };
        }

        yield return new LinePlot("Swap", "Memory of the programs that lay in swap.", "GiB", [Line("in swap", "volatile", moment => moment.SwapBytes / GiB)]);
    }
}
