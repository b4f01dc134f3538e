using System.Globalization;
using System.Text.Json;
using Samepage.Bench.Measuring;
using Samepage.Linux;

namespace Samepage.Bench;

/// <summary>
/// Duplicates without long runs: processes that hold the same pages, each in an order of its own. CPU time a merged
/// page, ksmd's and the user engine's, for pages in order, shuffled, and shuffled with unique pages between them; in
/// numbers that the user engine's budget of mappings bears, and does not. Needs root, and ksmd to itself. Options:
/// --processes N (3), --small N (12000) and --large N (80000) pages each, --engine, --order ordered|shuffled|mixed|all,
/// --rounds N (1), --eager, --save.
/// </summary>
internal static class ScatteredBench
{
    public static int Run(string[] args)
    {
        var options = new BenchOptions(args, "--processes N --small N --large N --order X --engine X --rounds N --eager --save");
        var rows = new List<ScatteredRow>();
        Console.WriteLine($"{Machine.Cpu}, {Environment.ProcessorCount} processors, kernel {Machine.Kernel}");
        Console.WriteLine($"vm.max_map_count {KernelFile.ReadText("/proc/sys/vm/max_map_count").Trim()}");
        for (var round = 1; round <= options.Number("--rounds", 1); round++)
        {
            foreach (var pages in new[] { options.Number("--small", 12_000), options.Number("--large", 80_000) }.Where(n => n > 0))
            {
                foreach (var order in new[] { "ordered", "shuffled", "mixed" }.Where(name => options.Chooses("--order", name)))
                {
                    foreach (var engine in new[] { "kernel", "user" }.Where(name => options.Chooses("--engine", name)))
                    {
                        rows.Add(Measure(options, engine, order, pages));
                        rows[^1].Print();
                    }
                }
            }
        }

        var ratios = Ratios(rows);
        options.Save("scattered", JsonSerializer.Serialize(
            new { cpu = Machine.Cpu, kernel = Machine.Kernel, ratios, rows }, BenchOptions.Json));
        return rows.TrueForAll(row => row.WrongPages == 0) ? 0 : 1;
    }

    private static ScatteredRow Measure(BenchOptions options, string engine, string order, int pages)
    {
        using IMerging merging = engine == "kernel" ? new KernelMerging() : new UserMerging("scattered", options.Has("--eager"));
        using var fleet = new NativeFleet(merging.Environment, "pages", options.Number("--processes", 3), number =>
            [pages.ToString(CultureInfo.InvariantCulture), number.ToString(CultureInfo.InvariantCulture), order]);
        var mappings = FleetMemory.Mappings(fleet.Pids);
        fleet.AskAll("offer");
        merging.Begin(fleet.Pids);
        var (way, isSettled) = Convergence.Watch(merging, TimeSpan.FromMinutes(3));
        var (saved, possible) = (way[^1].SavedPages, (long)pages * (fleet.Pids.Count - 1));
        var row = new ScatteredRow(
            engine, order, pages, fleet.Pids.Count, possible, saved, isSettled,
            way[^1].CpuSeconds, Convergence.At(way, saved * 0.95)?.CpuSeconds, way[^1].Seconds,
            FleetMemory.Mappings(fleet.Pids) - mappings, merging.Account, 0);
        return row with { WrongPages = fleet.AskAll("verify").Sum(answer => long.Parse(answer.Split(' ')[1], CultureInfo.InvariantCulture)) };
    }

    private static List<ScatteredRatio> Ratios(List<ScatteredRow> rows)
    {
        var ratios = rows.GroupBy(row => (row.Order, row.PagesEach))
            .Where(group => group.Select(row => row.Engine).Distinct().Count() == 2)
            .Select(group =>
            {
                double Median(string engine, Func<ScatteredRow, double> of) => Statistics.Median(group.Where(row => row.Engine == engine).Select(of));
                return new ScatteredRatio(
                    group.Key.Order, group.Key.PagesEach,
                    Median("user", row => row.NanosecondsAMergedPage) / Median("kernel", row => row.NanosecondsAMergedPage),
                    Median("user", row => row.SavedPages) / Median("kernel", row => row.SavedPages));
            }).ToList();
        Console.WriteLine("user engine / ksmd:          CPU a merged page    pages saved");
        ratios.ForEach(ratio => Console.WriteLine(FormattableString.Invariant(
            $"  {ratio.Order,-10} {ratio.PagesEach,7} pages {ratio.CpuAMergedPage,18:F3} {ratio.Saved,14:F3}")));
        return ratios;
    }

    private sealed record ScatteredRatio(string Order, int PagesEach, double CpuAMergedPage, double Saved);
}

/// <summary>One engine on one order.</summary>
internal sealed record ScatteredRow(
    string Engine, string Order, int PagesEach, int Processes, long PossiblePages, long SavedPages, bool IsSettled,
    double CpuSeconds, double? CpuSecondsTo95OfOwn, double Seconds, long MappingsAdded, EngineAccount Account, long WrongPages)
{
    /// <summary>To 95 % of what this engine reached, for each page saved by then: without the looks that only prove it was all.</summary>
    public double NanosecondsAMergedPage => (CpuSecondsTo95OfOwn ?? CpuSeconds) / Math.Max(1, SavedPages * 0.95) * 1e9;

    public void Print() => Console.WriteLine(FormattableString.Invariant(
        $"{Order,-9} {Processes} x {PagesEach,6} pages, {Engine,-6}  saved {SavedPages,7} of {PossiblePages,7} ({100.0 * SavedPages / PossiblePages,5:F1} %)  {NanosecondsAMergedPage / 1000,7:F2} us a merged page  {CpuSeconds,6:F2} s CPU in {Seconds,5:F1} s  {MappingsAdded,6} mappings added  {WrongPages} wrong{(IsSettled ? "" : "  NOT SETTLED")} {string.Join("; ", Account.Reasons)}"));
}
