using System.Globalization;

namespace Samepage.Bench.Contest;

/// <summary>What the generator saw in some seconds.</summary>
/// <param name="Seconds">How many.</param>
/// <param name="Due">Requests that fell due.</param>
/// <param name="Done">Requests that were answered, which may have fallen due before.</param>
/// <param name="Wrong">Answers that were not what was asked for.</param>
/// <param name="LongestMilliseconds">The longest time of a request.</param>
/// <param name="Times">How many requests took less than so many nanoseconds, and no less than the bound before.</param>
internal sealed record LoadLap(double Seconds, long Due, long Done, long Wrong, double LongestMilliseconds, SortedDictionary<long, long> Times)
{
    /// <summary>Answers a second.</summary>
    public double DoneASecond => Seconds > 0 ? Done / Seconds : 0;

    /// <summary>Reads the generator's line.</summary>
    public static LoadLap Parse(string line)
    {
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words is not ["lap", _, _, _, _, _, ..])
        {
            throw new FormatException($"the load generator said '{line}'");
        }

        long Number(int at) => long.Parse(words[at], CultureInfo.InvariantCulture);
        var times = new SortedDictionary<long, long>(words.Skip(6).Select(word => word.Split(':')).ToDictionary(
            pair => long.Parse(pair[0], CultureInfo.InvariantCulture), pair => long.Parse(pair[1], CultureInfo.InvariantCulture)));
        return new LoadLap(Number(1) * 1e-9, Number(2), Number(3), Number(4), Number(5) * 1e-6, times);
    }

    /// <summary>Several laps as one.</summary>
    public static LoadLap Sum(IEnumerable<LoadLap> laps)
    {
        var sum = new LoadLap(0, 0, 0, 0, 0, []);
        foreach (var lap in laps)
        {
            foreach (var (bound, count) in lap.Times)
            {
                sum.Times[bound] = sum.Times.GetValueOrDefault(bound) + count;
            }

            sum = new LoadLap(
                sum.Seconds + lap.Seconds, sum.Due + lap.Due, sum.Done + lap.Done, sum.Wrong + lap.Wrong,
                Math.Max(sum.LongestMilliseconds, lap.LongestMilliseconds), sum.Times);
        }

        return sum;
    }

    /// <summary>The time within which so many of a hundred requests were answered, in milliseconds; 0 where there were none.</summary>
    public double Percentile(double percent)
    {
        var (wanted, seen, below) = (Times.Values.Sum() * percent / 100, 0L, 0L);
        foreach (var (bound, count) in Times)
        {
            if (seen + count >= wanted && count > 0)
            {
                // Spread evenly over the bucket, which is 0.8 % wide; one far from its neighbour has no more than that.
                var from = Math.Max(below, bound - (bound / 64));
                return (from + ((bound - from) * (wanted - seen) / count)) * 1e-6;
            }

            (seen, below) = (seen + count, bound);
        }

        return 0;
    }

    /// <summary>How many requests of a thousand took longer than that.</summary>
    public double SlowerOfThousand(double milliseconds) => Done == 0 ? 0 : 1000.0 * Times.Where(pair => pair.Key > milliseconds * 1e6).Sum(pair => pair.Value) / Done;

    public Latency Latency => new(Percentile(50), Percentile(95), Percentile(99), LongestMilliseconds, SlowerOfThousand(20), DoneASecond, Done, Wrong);
}

/// <summary>Times of requests in milliseconds.</summary>
internal sealed record Latency(
    double P50Milliseconds, double P95Milliseconds, double P99Milliseconds, double LongestMilliseconds,
    double SlowerThan20MillisecondsOfThousand, double RequestsASecond, long Requests, long Wrong);
