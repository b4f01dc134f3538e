using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Samepage.Bench;

/// <summary>
/// What an estimate promises against what ksmd achieves on QEMU guests, and what each of the two costs: the native
/// executable's `demo`, judged. Goals: within 2 %, and at most an eighth of ksmd's CPU time. Needs root, and ksmd to
/// itself. Options: --guests N (8), --guest-mb N (1024), --save.
/// </summary>
internal static class PromiseBench
{
    private const double DeviationMaxPercent = 2;
    private const double CpuRatioMax = 1 / 8.0;

    private static readonly string[] s_shown =
    [
        "programs_up", "program_megabytes", "present_pages", "distinct_pages", "promised_pages", "saved_pages",
        "merged_pages", "zeroed_pages", "deviation_percent", "converged", "convergence_reason", "full_scans",
        "estimate_cpu_seconds", "estimate_wall_seconds", "ksmd_cpu_seconds", "merge_wall_seconds", "programs_verified",
    ];

    public static int Run(string[] args)
    {
        var options = new BenchOptions(args, "--guests N --guest-mb N --save");
        if (Demo(options.Number("--guests", 8), options.Number("--guest-mb", 1024)) is not { } demo)
        {
            return 1;
        }

        if (demo.GetProperty("engine").ValueKind == JsonValueKind.Null)
        {
            Console.Error.WriteLine($"nothing could be merged; missing: {demo.GetProperty("missing")}");
            return 3;
        }

        double Number(string name) => demo.GetProperty(name).GetDouble();
        var ratio = Number("estimate_cpu_seconds") / Number("ksmd_cpu_seconds");
        var isTrue = Math.Abs(Number("deviation_percent")) <= DeviationMaxPercent && demo.GetProperty("converged").GetBoolean();
        var isCheap = ratio <= CpuRatioMax;
        Console.WriteLine($"{Machine.Cpu}, {Environment.ProcessorCount} processors, kernel {Machine.Kernel}");
        foreach (var name in s_shown)
        {
            Console.WriteLine($"{name,-24} {demo.GetProperty(name)}");
        }

        Console.WriteLine($"within {DeviationMaxPercent} %              {isTrue}");
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"estimate / ksmd, CPU     {ratio:F3} (goal {CpuRatioMax:F3}: {isCheap})"));
        options.Save("promise", JsonSerializer.Serialize(
            new { cpu = Machine.Cpu, kernel = Machine.Kernel, cpu_ratio = ratio, demo }, BenchOptions.Json));
        return isTrue && isCheap ? 0 : 1;
    }

    private static JsonElement? Demo(int guests, int megabytes)
    {
        string[] arguments =
        [
            "demo", "--engine", "kernel", "--programs", "guests", "--guests", guests.ToString(CultureInfo.InvariantCulture),
            "--guest-size", megabytes.ToString(CultureInfo.InvariantCulture) + "M", "--json",
        ];
        using var demo = Process.Start(
            new ProcessStartInfo(Machine.SamepageBinary, arguments) { RedirectStandardOutput = true })!;
        var output = demo.StandardOutput.ReadToEnd();
        demo.WaitForExit();
        return demo.ExitCode == 0 ? JsonDocument.Parse(output).RootElement : null;
    }
}
