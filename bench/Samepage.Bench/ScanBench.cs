using System.Globalization;
using System.Text.Json;

namespace Samepage.Bench;

/// <summary>
/// What a look costs above the floor: `samepage estimate` against a C program that reads the same pages with the same
/// calls and does nothing with them, in turn on the same memory, as whole processes, in CPU time.
/// </summary>
internal static class ScanBench
{
    public static int Run(string[] args)
    {
        var options = new BenchOptions(args, "--size N --rounds N --save");
        var mebibytes = options.Number("--size", 2048);
        var rounds = options.Number("--rounds", 7);
        var rows = new List<ScanRow>();
        Console.WriteLine($"{Machine.Cpu}, {Environment.ProcessorCount} processors, kernel {Machine.Kernel}");
        foreach (var layout in new[] { "huge", "scattered" })
        {
            rows.Add(Measure(layout, mebibytes, rounds));
        }

        Print(rows);
        options.Save("scan", JsonSerializer.Serialize(new { cpu = Machine.Cpu, kernel = Machine.Kernel, mebibytes, rounds, rows }, BenchOptions.Json));
        return 0;
    }

    private static ScanRow Measure(string layout, int mebibytes, int rounds)
    {
        using var memory = NativeProgram.Start("memory", layout, mebibytes.ToString(CultureInfo.InvariantCulture));
        var pid = memory.ReadLine();
        var samepage = Machine.SamepageBinary;
        var rounded = new List<(Cost Floor, Cost One, Cost Two)>();
        for (var round = 0; round < rounds; round++)
        {
            var floor = NativeProgram.Cost(NativeProgram.Path("floor"), pid);
            var one = NativeProgram.Cost(samepage, "estimate", "--pid", pid, "--workers", "1", "--json");
            var two = NativeProgram.Cost(samepage, "estimate", "--pid", pid, "--workers", "2", "--json");
            rounded.Add((floor, one, two));
        }

        var pages = mebibytes * 256.0;
        return new ScanRow(
            layout,
            Statistics.Median(rounded.Select(r => r.Floor.CpuSeconds / pages * 1e9)),
            Statistics.Median(rounded.Select(r => r.One.CpuSeconds / pages * 1e9)),
            Statistics.Median(rounded.Select(r => r.One.CpuSeconds / r.Floor.CpuSeconds)),
            rounded.Min(r => r.One.CpuSeconds / r.Floor.CpuSeconds),
            rounded.Max(r => r.One.CpuSeconds / r.Floor.CpuSeconds),
            Statistics.Median(rounded.Select(r => r.One.WallSeconds / r.Two.WallSeconds)),
            Statistics.Median(rounded.Select(r => r.Two.CpuSeconds / r.One.CpuSeconds)),
            rounded.Max(r => r.One.PeakRssBytes));
    }

    private static void Print(List<ScanRow> rows)
    {
        Console.WriteLine("memory      floor ns/page  estimate ns/page  ratio (min-max)      2 workers faster by  peak MiB");
        foreach (var row in rows)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{row.Layout,-10} {row.FloorNanosecondsPerPage,14:F0} {row.EstimateNanosecondsPerPage,17:F0}  {row.Ratio:F2} ({row.RatioMin:F2}-{row.RatioMax:F2}) {row.TwoWorkersSpeedup,21:F2} {row.PeakRssBytes / 1048576.0,13:F1}"));
        }
    }

    private sealed record ScanRow(
        string Layout, double FloorNanosecondsPerPage, double EstimateNanosecondsPerPage,
        double Ratio, double RatioMin, double RatioMax, double TwoWorkersSpeedup, double TwoWorkersCpuRatio, long PeakRssBytes);
}
