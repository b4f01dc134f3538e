using Samepage.Estimating;

namespace Samepage.Cli.Rendering;

/// <summary>Figures that follow from an estimate and that its text, its JSON and its report all show.</summary>
internal static class EstimateFigures
{
    /// <summary>Frames: what the pages occupy now, each counted once.</summary>
    public static long FramePages(this PageCounts counts) => counts.PresentPages - counts.AlreadySharedPages;

    /// <summary>Distinct contents that are not zero.</summary>
    public static long DistinctNonZeroPages(this PageCounts counts) => counts.DistinctPages - (counts.ZeroPages > 0 ? 1 : 0);

    /// <summary>
    /// Each target's share of the net saving: its share of the saving, less the metadata of its own pages, less a part
    /// of the stable pages' metadata in proportion to its saving. The shares add up to the total's net.
    /// </summary>
    public static IReadOnlyList<long> AttributedNetBytes(this Estimate estimate)
    {
        var ofPages = estimate.Targets.Sum(target => target.Counts.PresentPages) * 64;
        var toShareOut = estimate.Totals.MetadataBytes - ofPages;
        var attributed = estimate.Targets.Sum(target => target.AttributedBytes);
        var net = new long[estimate.Targets.Count];
        long before = 0, given = 0;
        for (var index = 0; index < net.Length; index++)
        {
            var target = estimate.Targets[index];
            before += target.AttributedBytes;
            var upToHere = attributed == 0
                ? toShareOut * (index + 1) / net.Length
                : (long)((Int128)toShareOut * before / attributed);
            net[index] = target.AttributedBytes - target.Counts.PresentPages * 64 - (upToHere - given);
            given = upToHere;
        }

        return net;
    }

    /// <summary>Targets by their share of the saving, the largest first.</summary>
    public static IReadOnlyList<int> OrderBySaving(this Estimate estimate) =>
        [.. Enumerable.Range(0, estimate.Targets.Count)
            .OrderByDescending(index => estimate.Targets[index].AttributedBytes)
            .ThenByDescending(index => estimate.Targets[index].Counts.PresentPages)
            .ThenBy(index => estimate.Targets[index].Pid)];
}
