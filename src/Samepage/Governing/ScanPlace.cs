namespace Samepage.Governing;

/// <summary>
/// Where ksmd stands in its round over all processes. The place that counts is the start of a pass: whoever opts in while
/// ksmd stands there is put at the end of the round, so that two passes see all of him twice, and everybody else before
/// him. Whoever comes while it stands elsewhere is put just behind it, and needs up to three. Not thread-safe.
/// </summary>
/// <remarks>
/// The end of a pass ends ksmd's turn, however many pages that had left. Where the pause after a turn is longer than the
/// time between two looks, a pass that ended between them leaves ksmd asleep at the start of the next; told to stand
/// still it stays there. (mm/ksm.c: scan_get_next_rmap_item, __ksm_enter.)
/// </remarks>
internal sealed class ScanPlace
{
    /// <summary>The look may come so much late of the pause, and the order that makes ksmd stand still after it.</summary>
    private const double Margin = 0.7;

    private long? _passBegan, _startSeen;
    private long _doubt;

    /// <summary>Takes in what went on between two looks.</summary>
    /// <param name="last">The earlier.</param>
    /// <param name="now">The later.</param>
    public void Observe(HostSample last, HostSample now)
    {
        if (now.FullScans == last.FullScans)
        {
            return;
        }

        var isAsleep = now.FullScans == last.FullScans + 1 && now.At - last.At < Margin * TimeSpan.FromMilliseconds(now.SleepMilliseconds);
        (_passBegan, _startSeen) = (now.PagesScanned, isAsleep ? now.PagesScanned : null);
        _doubt = isAsleep ? 0 : now.PagesScanned - last.PagesScanned ?? 0;
    }

    /// <summary>Whether it stands at the start of a pass; so it does where it knows of nothing yet.</summary>
    public bool IsAtStart(HostSample now) => now.TrackedPages == 0 || (_startSeen is { } seen && now.PagesScanned == seen);

    /// <summary>Pages until the pass ends, at least and at most: it began at some moment between two looks. Null where that is not known.</summary>
    public (long Least, long Most)? PagesLeft(HostSample now) => now.PagesScanned - _passBegan is { } done
        ? (Math.Max(0, now.TrackedPages - done - _doubt), Math.Max(0, now.TrackedPages - done))
        : null;
}
