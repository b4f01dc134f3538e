using System.Diagnostics;

namespace Samepage.Bench.Measuring;

/// <summary>What an engine costs once it saves no more and nothing changes.</summary>
internal sealed record SteadyState(double Seconds, double CpuSeconds, double Passes, double CpuSecondsAPass, double NanosecondsAPageAndPass)
{
    public double CpuPercent => 100 * CpuSeconds / Seconds;

    /// <summary>Measures over at least so long a time.</summary>
    public static SteadyState Measure(IMerging engine, long pages, TimeSpan atLeast)
    {
        var (watch, cpu, passes) = (Stopwatch.StartNew(), engine.CpuSeconds, engine.Passes);
        // Where an engine rests between looks, three of them are waited for, but not for ever; asking it costs CPU time,
        // and so is done seldom.
        Thread.Sleep(atLeast);
        while (engine.Passes - passes < 3 && watch.Elapsed < 4 * atLeast)
        {
            Thread.Sleep(atLeast / 4);
        }

        var (seconds, spent, looks) = (watch.Elapsed.TotalSeconds, engine.CpuSeconds - cpu, engine.Passes - passes);
        var each = looks > 0 ? spent / looks : 0;
        return new SteadyState(seconds, spent, looks, each, each / pages * 1e9);
    }
}
