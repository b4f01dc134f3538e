using System.Globalization;

namespace Samepage.Bench.Contest;

/// <summary>
/// What several turns come to: their geometric mean, and how far off that may be by chance (the mean's standard error,
/// from the spread of the turns; null with a single one).
/// </summary>
internal sealed record SlowdownEstimate(double Mean, double? StandardError, int Turns)
{
    /// <summary>Of ratios, all above 0.</summary>
    public static SlowdownEstimate Of(IReadOnlyList<double> ratios)
    {
        var logs = ratios.Select(ratio => Math.Log(ratio)).ToList();
        var mean = logs.Average();
        if (logs.Count < 2)
        {
            return new SlowdownEstimate(Math.Exp(mean), null, logs.Count);
        }

        // The error of a small logarithm is that of the ratio by the ratio.
        var variance = logs.Sum(log => (log - mean) * (log - mean)) / (logs.Count - 1);
        return new SlowdownEstimate(Math.Exp(mean), Math.Exp(mean) * Math.Sqrt(variance / logs.Count), logs.Count);
    }

    /// <summary>Whether it is no more than a bound; null where the bound is nearer than one standard error, so that it cannot be told.</summary>
    public bool? IsAtMost(double bound) => Math.Abs(Mean - bound) < (StandardError ?? 0) ? null : Mean <= bound;

    /// <summary>As tables have it.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Mean:0.00}{(StandardError is { } error ? $" ± {error:0.00}" : "")}");
}
