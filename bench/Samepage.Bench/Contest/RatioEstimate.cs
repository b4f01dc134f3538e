using System.Globalization;

namespace Samepage.Bench.Contest;

/// <summary>A ratio, and how far off it may be by chance (one standard error of its logarithm; NaN where a single value tells nothing of it).</summary>
internal readonly record struct RatioEstimate(double Logarithm, double Error)
{
    /// <summary>The ratio itself.</summary>
    public double Mean => Math.Exp(Logarithm);

    /// <summary>The geometric mean of ratios, all above 0, with its error by their spread.</summary>
    public static RatioEstimate Of(IEnumerable<double> ratios)
    {
        var logarithms = ratios.Select(ratio => Math.Log(ratio)).ToList();
        var mean = logarithms.Average();
        var squares = logarithms.Sum(each => (each - mean) * (each - mean));
        return new RatioEstimate(mean, Math.Sqrt(squares / (logarithms.Count - 1) / logarithms.Count));
    }

    /// <summary>
    /// The geometric mean of estimates. Its error is what theirs come to; where they lie further apart than their errors
    /// explain, it is greater by as much (the Birge ratio: R. T. Birge, Phys. Rev. 40, 207, 1932).
    /// </summary>
    public static RatioEstimate Of(IReadOnlyList<RatioEstimate> estimates)
    {
        var mean = estimates.Average(each => each.Logarithm);
        var error = Math.Sqrt(estimates.Sum(each => each.Error * each.Error)) / estimates.Count;
        var chiSquare = estimates.Sum(each => Math.Pow((each.Logarithm - mean) / each.Error, 2));
        return new RatioEstimate(mean, error * (estimates.Count < 2 ? 1 : Math.Max(1, Math.Sqrt(chiSquare / (estimates.Count - 1)))));
    }

    /// <summary>One by another that has nothing to do with it.</summary>
    public static RatioEstimate operator /(RatioEstimate one, RatioEstimate other) =>
        new(one.Logarithm - other.Logarithm, Math.Sqrt((one.Error * one.Error) + (other.Error * other.Error)));

    /// <summary>Whether it is no more than a bound; null where the bound is nearer than one standard error, so that it cannot be told.</summary>
    public bool? IsAtMost(double bound) => Math.Abs(Logarithm - Math.Log(bound)) < Error ? null : Mean <= bound;

    /// <summary>As tables have it. The error of a small logarithm is that of the ratio by the ratio.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Mean:0.00}{(double.IsNaN(Error) ? "" : $" ± {Mean * Error:0.00}")}");
}
