using Samepage.Planning;

namespace Samepage.Guarding;

/// <summary>
/// Whether all merged pages of a host or a control group could break apart now: what they would need, and what there
/// is. Whoever shows, plans, admits or unmerges reckons with this one.
/// </summary>
/// <param name="ExposureBytes">Bytes needed if every merged page broke.</param>
/// <param name="HeadroomBytes">Bytes that could be supplied; negative where more is promised than there is.</param>
public sealed record Coverage(long ExposureBytes, long HeadroomBytes)
{
    /// <summary>Headroom divided by exposure; null where nothing is merged, so that nothing can break.</summary>
    public double? Ratio => ExposureBytes > 0 ? (double)HeadroomBytes / ExposureBytes : null;

    /// <summary>What is missing for all of it to break at once; swap of this size would close the gap.</summary>
    public long ShortfallBytes => Math.Max(0, ExposureBytes - HeadroomBytes);

    /// <summary>Whether the headroom is at least so many times the exposure.</summary>
    public bool IsAtLeast(double floor) => HeadroomBytes >= floor * ExposureBytes;

    /// <summary>The same once a further guest has filled its memory and what it shares has been merged.</summary>
    public Coverage After(GuestDemand guest) =>
        new(ExposureBytes + guest.MergedBytes, HeadroomBytes - (guest.NeededBytes - guest.MergedBytes));
}
