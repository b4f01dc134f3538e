namespace Samepage.Estimating;

/// <summary>
/// Chooses one content in N by its fingerprint. Fingerprints are keyed and uniform, so that the choice is random, and a
/// content is in for all its pages or for none: pairs are never torn apart, which sampling pages would do.
/// </summary>
/// <remarks>
/// <para>What is estimated is the number of different contents (Gibbons, "Distinct sampling for highly-accurate answers to
/// distinct values queries", 2001). Every page is read, so that the frames they lie on are counted in full, and what
/// can be saved is those frames less their contents. A content weighs 1 in that however many frames hold it: one that
/// fills half a host and is missed by the sample does no harm, which it would if savable frames were scaled up.</para>
/// <para>The number in the sample is binomial; the interval is Wilson's score interval for the number of trials, honest
/// for small samples too. Immutable.</para>
/// </remarks>
internal sealed class ContentSampler(int oneIn)
{
    /// <summary>The normal distribution's 95 %, two-sided.</summary>
    private const double Normal95 = 1.96;

    /// <summary>N.</summary>
    public int OneIn { get; } = oneIn;

    /// <summary>Whether a content is in the sample.</summary>
    public bool Wants(ulong fingerprint) => OneIn == 1 || fingerprint % (uint)OneIn == 0;

    /// <summary>The best guess of what could be saved.</summary>
    /// <param name="frames">Frames that hold anything but zeros; counted in full where a sample is taken.</param>
    /// <param name="contents">Distinct contents in the sample.</param>
    /// <param name="savable">Savable frames in the sample: the truth cannot lie below.</param>
    public long Savable(long frames, long contents, long savable) =>
        OneIn == 1 ? savable : Bound(frames, contents, savable, contents * (double)OneIn);

    /// <summary>The sample's outcome; null where all contents are counted.</summary>
    /// <inheritdoc cref="Savable"/>
    public SamplingResult? Result(long frames, long contents, long savable)
    {
        if (OneIn == 1)
        {
            return null;
        }

        var rest = 1 - 1.0 / OneIn;
        var centre = contents + Normal95 * Normal95 * rest / 2;
        var half = Normal95 * Math.Sqrt(rest * contents + Normal95 * Normal95 * rest * rest / 4);
        return new SamplingResult(
            OneIn, contents,
            Bound(frames, contents, savable, Math.Ceiling((centre + half) * OneIn)),
            Bound(frames, contents, savable, Math.Floor((centre - half) * OneIn)));
    }

    /// <summary>Frames less contents, within what the sample has seen with its own eyes.</summary>
    private static long Bound(long frames, long contents, long savable, double distinct) =>
        (long)Math.Max(savable, frames - Math.Max(distinct, Math.Max(contents, Math.Min(1, frames))));
}
