using System.Globalization;
using System.Text.Json;

namespace Samepage.Bench;

/// <summary>How long the executable takes from start to end where there is next to nothing to do, as whole processes.</summary>
internal static class StartupBench
{
    private const double WallMillisecondsMax = 50;

    public static int Run(string[] args)
    {
        var options = new BenchOptions(args, "--rounds N --save");
        var rounds = options.Number("--rounds", 40);
        var rows = new List<StartupRow>();
        Console.WriteLine($"{Machine.Cpu}, {Environment.ProcessorCount} processors, kernel {Machine.Kernel}");
        Console.WriteLine("verb        wall ms p50  wall ms p95  cpu ms p50  peak MiB");
        foreach (var verb in new[] { "--help", "doctor" })
        {
            var costs = Enumerable.Range(0, rounds).Select(_ => NativeProgram.Cost(Machine.SamepageBinary, verb)).ToList();
            var row = new StartupRow(
                verb,
                Statistics.Median(costs.Select(cost => cost.WallSeconds * 1000)),
                Statistics.Percentile(costs.Select(cost => cost.WallSeconds * 1000), 95),
                Statistics.Median(costs.Select(cost => cost.CpuSeconds * 1000)),
                costs.Max(cost => cost.PeakRssBytes));
            rows.Add(row);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{row.Verb,-10} {row.WallMilliseconds,12:F1} {row.WallMilliseconds95,12:F1} {row.CpuMilliseconds,11:F1} {row.PeakRssBytes / 1048576.0,9:F1}"));
        }

        options.Save("startup", JsonSerializer.Serialize(new { cpu = Machine.Cpu, kernel = Machine.Kernel, rounds, rows }, BenchOptions.Json));
        return rows.TrueForAll(row => row.WallMilliseconds <= WallMillisecondsMax) ? 0 : 1;
    }

    private sealed record StartupRow(
        string Verb, double WallMilliseconds, double WallMilliseconds95, double CpuMilliseconds, long PeakRssBytes);
}
