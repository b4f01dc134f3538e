using System.Diagnostics;

namespace Samepage.Bench.Measuring;

/// <summary>One look at an engine on its way.</summary>
internal readonly record struct Progress(double Seconds, double CpuSeconds, long SavedPages);

/// <summary>Watches an engine from its start until it saves no more, or the time is up.</summary>
internal static class Convergence
{
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(50);

    /// <summary>How long without growth counts as the end where no whole looks are made.</summary>
    private static readonly TimeSpan s_quietMax = TimeSpan.FromSeconds(30);

    /// <summary>Looks twenty times a second; asks the engine for its passes once a second, as that may cost something.</summary>
    public static (IReadOnlyList<Progress> Way, bool IsSettled) Watch(IMerging engine, TimeSpan timeout)
    {
        var (watch, way) = (Stopwatch.StartNew(), new List<Progress>());
        var (floor, floorPasses, quietSince, asked) = (long.MinValue, 0.0, TimeSpan.Zero, TimeSpan.Zero);
        while (watch.Elapsed < timeout)
        {
            var now = new Progress(watch.Elapsed.TotalSeconds, engine.CpuSeconds, engine.SavedPages);
            way.Add(now);
            if (now.SavedPages > floor + Math.Max(64, floor / 1000))
            {
                (floor, floorPasses, quietSince) = (now.SavedPages, engine.Passes, watch.Elapsed);
            }
            else if (watch.Elapsed - asked > TimeSpan.FromSeconds(1))
            {
                asked = watch.Elapsed;
                // A first look that merges nothing is no end: nothing may have been looked at yet.
                if ((floor > 0 && engine.Passes - floorPasses >= engine.QuietPasses && watch.Elapsed - quietSince > engine.QuietTime)
                    || watch.Elapsed - quietSince > s_quietMax)
                {
                    return (way, true);
                }
            }

            Thread.Sleep(s_look);
        }

        return (way, false);
    }

    /// <summary>Time and CPU time at which so much was saved, interpolated between two looks; null where it never was.</summary>
    public static Progress? At(IReadOnlyList<Progress> way, double pages)
    {
        for (var at = 0; at < way.Count; at++)
        {
            if (way[at].SavedPages >= pages)
            {
                var (last, next) = (way[Math.Max(0, at - 1)], way[at]);
                var part = next.SavedPages == last.SavedPages ? 1 : (pages - last.SavedPages) / (next.SavedPages - last.SavedPages);
                return new Progress(
                    last.Seconds + ((next.Seconds - last.Seconds) * part),
                    last.CpuSeconds + ((next.CpuSeconds - last.CpuSeconds) * part), (long)pages);
            }
        }

        return null;
    }
}
