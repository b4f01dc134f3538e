namespace Samepage.Estimating;

/// <summary>Divides a whole number in given proportions so that the parts add up exactly (Hamilton's method).</summary>
internal static class LargestRemainder
{
    /// <summary>The parts, in the order of the weights; all zero where no weight is positive.</summary>
    public static long[] Divide(long whole, double[] weights)
    {
        var sum = weights.Sum();
        var parts = new long[weights.Length];
        if (sum <= 0 || whole == 0)
        {
            return parts;
        }

        var exact = Array.ConvertAll(weights, weight => whole * (weight / sum));
        for (var i = 0; i < parts.Length; i++)
        {
            parts[i] = (long)Math.Floor(exact[i]);
        }

        var missing = whole - parts.Sum();
        foreach (var i in Enumerable.Range(0, parts.Length).OrderByDescending(i => exact[i] - parts[i]).Take((int)missing))
        {
            parts[i]++;
        }

        return parts;
    }
}
