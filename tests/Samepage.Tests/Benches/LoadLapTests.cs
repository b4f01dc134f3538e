extern alias bench;

using bench::Samepage.Bench.Contest;

namespace Samepage.Tests.Benches;

/// <summary>What is made of the load generator's histograms.</summary>
public sealed class LoadLapTests
{
    [Fact]
    public void A_line_of_the_generator_is_read()
    {
        var lap = LoadLap.Parse("lap 2000000000 30 20 1 5500000 1008000:15 2016000:5");
        Assert.Equal((2.0, 30, 20, 1, 5.5), (lap.Seconds, lap.Due, lap.Done, lap.Wrong, lap.LongestMilliseconds));
        Assert.Equal(10, lap.DoneASecond);
        Assert.InRange(lap.Percentile(50), 0.99, 1.008);
        Assert.InRange(lap.Percentile(95), 1.98, 2.016);
        Assert.Equal(250, lap.SlowerOfThousand(1.5));
        Assert.Throws<FormatException>(() => LoadLap.Parse("what?"));
    }

    [Fact]
    public void Percentiles_agree_with_sorting_to_one_percent()
    {
        var random = new Random(1);
        long[] times = [.. Enumerable.Range(0, 20_000).Select(_ => (long)(300_000 + (-Math.Log(random.NextDouble()) * 2e6)))];
        var lap = LoadLap.Parse($"lap 1 20000 20000 0 {times.Max()} {string.Join(' ', times.GroupBy(Bound).Select(group => $"{group.Key}:{group.Count()}"))}");
        foreach (var percent in (double[])[1, 50, 90, 95, 99, 99.9])
        {
            var exact = times.Order().ElementAt((int)Math.Ceiling(percent / 100 * times.Length) - 1) * 1e-6;
            Assert.InRange(lap.Percentile(percent), exact * 0.99, exact * 1.01);
        }
    }

    [Fact]
    public void Laps_add_up()
    {
        var sum = LoadLap.Sum([LoadLap.Parse("lap 1000000000 1 1 0 500 1000:1"), LoadLap.Parse("lap 3000000000 3 3 2 900 1000:2 2000:1")]);
        Assert.Equal((4.0, 4, 4, 2, 0.0009), (sum.Seconds, sum.Due, sum.Done, sum.Wrong, Math.Round(sum.LongestMilliseconds, 6)));
        Assert.Equal([3L, 1L], sum.Times.Values);
        Assert.Equal(0, LoadLap.Sum([]).Percentile(95));
    }

    /// <summary>The generator's own bounds: 128 to each power of two.</summary>
    private static long Bound(long time)
    {
        var top = 63 - long.LeadingZeroCount(time);
        return ((time >> (int)(top - 7)) + 1) << (int)(top - 7);
    }
}
