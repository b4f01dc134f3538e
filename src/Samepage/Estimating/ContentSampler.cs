namespace Samepage.Estimating;

/// <summary>
/// Chooses one content in N by its fingerprint. Fingerprints are keyed and uniform, so that the choice is random, and a
/// content is in for all its pages or for none: pairs are never torn apart, which sampling pages would do.
/// </summary>
/// <remarks>
/// The spread is measured on the sample itself by the method of random groups (Wolter, "Introduction to Variance
/// Estimation"): contents fall into 64 groups, each gives an estimate of its own, and their variance gives the
/// interval. Written under the counter's lock.
/// </remarks>
internal sealed class ContentSampler(int oneIn)
{
    private const int GroupCount = 64;

    /// <summary>Student's t for 63 degrees of freedom, 95 % two-sided.</summary>
    private const double StudentT = 1.998;

    private readonly long[] _groups = new long[GroupCount];

    /// <summary>N.</summary>
    public int OneIn { get; } = oneIn;

    /// <summary>Whether a content is in the sample.</summary>
    public bool Wants(ulong fingerprint) => OneIn == 1 || fingerprint % (uint)OneIn == 0;

    /// <summary>Notes a frame that could be saved.</summary>
    public void NoteSavable(ulong fingerprint)
    {
        if (OneIn > 1)
        {
            _groups[fingerprint / (uint)OneIn % GroupCount]++;
        }
    }

    /// <summary>The sample's outcome.</summary>
    /// <param name="contents">Distinct contents in the sample.</param>
    /// <param name="savable">Savable frames in the sample.</param>
    /// <param name="framesMax">Frames in all: no estimate may promise more.</param>
    public SamplingResult? Result(long contents, long savable, long framesMax)
    {
        if (OneIn == 1)
        {
            return null;
        }

        var mean = savable / (double)GroupCount;
        var variance = 0.0;
        foreach (var group in _groups)
        {
            variance += (group - mean) * (group - mean);
        }

        // The sum of independent groups; (1 - 1/N) because the sample is a part of a finite whole.
        variance *= GroupCount / (GroupCount - 1.0) * (1 - 1.0 / OneIn);
        var half = StudentT * Math.Sqrt(variance) * OneIn;
        var centre = (double)savable * OneIn;
        return new SamplingResult(
            OneIn, contents, (long)Math.Max(0, centre - half), (long)Math.Min(framesMax, Math.Ceiling(centre + half)));
    }
}
