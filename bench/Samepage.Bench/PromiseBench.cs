using System.Globalization;
using System.Text.Json;
using Samepage.Estimating;
using Samepage.Governing;
using Samepage.Linux.Proc;
using Samepage.Linux.Sys;
using Samepage.Linux.Tracing;
using Samepage.Merging.Kernel;
using Samepage.Scenarios;
using Samepage.Scenarios.Trials;

namespace Samepage.Bench;

/// <summary>
/// What an estimate promises against what ksmd achieves on QEMU guests, and what each of the two costs. Goals: within
/// 2 %, and at most an eighth of ksmd's CPU time. Needs root, and ksmd to itself.
/// Options: --guests N (8), --guest-mb N (1024), --save (into bench/results/).
/// </summary>
internal static class PromiseBench
{
    private const double DeviationMaxPercent = 2;
    private const double CpuRatioMax = 1 / 8.0;
    private static readonly TimeSpan s_timeout = TimeSpan.FromMinutes(10);

    public static int Run(string[] arguments)
    {
        var options = new BenchOptions(arguments);
        var (guests, megabytes) = (options.Number("--guests", 8), options.Number("--guest-mb", 1024));
        var (proc, ksm) = (new ProcFs(), new KsmSysfs());
        var request = new ProgramRequest(
            guests, megabytes, MemInfo.Read(proc).AvailableBytes, CacheDirectory.Default, ProgramKind.Guests);
        void OptIn(Targets.TargetProcess target)
        {
            var done = new Injector(proc).Run(target, SystemCall.MemoryMerge(on: true));
            if (done.Outcome != InjectionOutcome.Done)
            {
                throw new ScenarioException($"process {target.Pid} could not be opted in: {done.Reason}");
            }
        }

        using var interrupt = new CancellationTokenSource();
        Console.CancelKeyPress += (_, key) => (key.Cancel, _) = (true, interrupt.CancelAsync());
        var result = new Demonstration(proc, ksm, OptIn, step => Console.Error.WriteLine(step), _ => { }).Run(
            new DemonstrationOptions(request, null, s_timeout, StateDirectory.Default), interrupt.Token);
        if (result.Achievement is not { } achieved)
        {
            Console.Error.WriteLine("nothing could be merged; missing: " + string.Join("; ", result.Missing));
            return 3;
        }

        return Report(result, achieved, options);
    }

    private static int Report(DemonstrationResult result, MergeAchievement achieved, BenchOptions options)
    {
        var cost = result.Promise.Estimate.Cost;
        var deviation = achieved.DeviationPercent(result.Promise);
        var ratio = cost.CpuSeconds / achieved.KsmdCpuSeconds;
        var isGood = Math.Abs(deviation) <= DeviationMaxPercent && ratio <= CpuRatioMax && result.IsContentUnchanged
            && achieved.Convergence.State == Convergence.Converged;
        var figures = new Dictionary<string, object>
        {
            ["taken_at"] = DateTimeOffset.UtcNow.ToString("O", CultureInfo.InvariantCulture),
            ["cpu"] = Machine.Cpu,
            ["kernel"] = Machine.Kernel,
            ["guests"] = result.Count,
            ["guest_mb"] = result.Programs.Megabytes,
            ["present_pages"] = result.Promise.Estimate.Totals.PresentPages,
            ["distinct_pages"] = result.Promise.Estimate.Totals.DistinctPages,
            ["promised_pages"] = result.Promise.Pages,
            ["saved_pages"] = achieved.SavedPages,
            ["merged_pages"] = achieved.MergedPages,
            ["zeroed_pages"] = achieved.ZeroedPages,
            ["deviation_percent"] = Math.Round(deviation, 3),
            ["convergence"] = achieved.Convergence.Reason,
            ["estimate_cpu_seconds"] = Math.Round(cost.CpuSeconds, 3),
            ["estimate_wall_seconds"] = Math.Round(cost.WallSeconds, 3),
            ["estimate_peak_rss_bytes"] = cost.PeakRssBytes,
            ["ksmd_cpu_seconds"] = Math.Round(achieved.KsmdCpuSeconds, 2),
            ["ksmd_wall_seconds"] = Math.Round(achieved.WallSeconds, 2),
            ["cpu_ratio"] = Math.Round(ratio, 4),
            ["content_unchanged"] = result.IsContentUnchanged,
            ["goals_met"] = isGood,
        };
        foreach (var (name, value) in figures)
        {
            Console.WriteLine($"{name,-26} {Convert.ToString(value, CultureInfo.InvariantCulture)}");
        }

        options.Save("promise", JsonSerializer.Serialize(figures, BenchOptions.Json));
        return isGood ? 0 : 1;
    }
}
