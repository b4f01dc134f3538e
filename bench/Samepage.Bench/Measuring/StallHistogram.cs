namespace Samepage.Bench.Measuring;

/// <summary>
/// The engine's histogram of windows: bucket i counts those of less than 2^i microseconds and at least half of that.
/// </summary>
internal static class StallHistogram
{
    public static IReadOnlyList<long> Sum(IEnumerable<IReadOnlyList<ulong>> histograms)
    {
        var sum = new List<long>();
        foreach (var histogram in histograms)
        {
            for (var bucket = 0; bucket < histogram.Count; bucket++)
            {
                if (bucket == sum.Count)
                {
                    sum.Add(0);
                }

                sum[bucket] += (long)histogram[bucket];
            }
        }

        return sum;
    }

    /// <summary>The upper bound, in microseconds, of the bucket that a percentile falls into; 0 where nothing was counted.</summary>
    public static double Percentile(IReadOnlyList<long> buckets, double percent)
    {
        var (total, seen) = (buckets.Sum(), 0L);
        for (var bucket = 0; bucket < buckets.Count && total > 0; bucket++)
        {
            seen += buckets[bucket];
            if (seen >= total * percent / 100)
            {
                return Math.Pow(2, bucket);
            }
        }

        return 0;
    }
}
