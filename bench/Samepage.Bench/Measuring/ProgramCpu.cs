using System.Diagnostics;

namespace Samepage.Bench.Measuring;

/// <summary>CPU time of merged programs without that of the engine's threads in them.</summary>
internal static class ProgramCpu
{
    public static double Read(IReadOnlyList<int> pids) => pids.Sum(
        pid => CpuTime.OfProcess(pid) - (CpuTime.EngineThread(pid) is { } thread ? CpuTime.OfThread(pid, thread) : 0));

    /// <summary>Spent since an earlier reading, as a part of one processor.</summary>
    public static double Since(double before, IReadOnlyList<int> pids, double seconds) => (Read(pids) - before) / seconds;

    /// <summary>Waits and measures.</summary>
    public static double Over(IReadOnlyList<int> pids, TimeSpan span)
    {
        var (before, watch) = (Read(pids), Stopwatch.StartNew());
        Thread.Sleep(span);
        return Since(before, pids, watch.Elapsed.TotalSeconds);
    }
}
