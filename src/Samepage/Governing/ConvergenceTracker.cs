using System.Globalization;

namespace Samepage.Governing;

/// <summary>
/// Says whether ksmd is done: fed with samples, it answers converged, growing or unknown, with the reason.
/// </summary>
/// <remarks>
/// <para>How many passes without growth are enough was measured on 6.18 with processes of a few thousand pages:</para>
/// <para>A pass merges nothing that it sees for the first time: it notes a checksum, and the next pass merges what did
/// not change (two processes of 8,000 equal pages: 0 saved after one pass, 8,006 after the second). So one quiet pass
/// proves nothing. A sample falls into the middle of a pass, which does not count: the first whole pass after it notes,
/// the second merges. Without smart scan all growth has therefore shown <b>3</b> passes after the sample at the latest.</para>
/// <para>Smart scan (the default since 6.7) looks at a page that stays unmerged in passes 0, 1, 2, 3, 5, 8, 13, 22 and
/// then in every 9th only. Growth after a long pause is real: a process that arrived beside an aged one merged as late
/// as 13 passes after its arrival with nothing before; pages rewritten in aged processes merged 11 passes later. Two
/// looks lie at most 18 passes apart, so <b>19</b> quiet passes are needed, unless no page was skipped lately.</para>
/// <para>Converged does not mean complete: pages whose looks fall into different passes never meet in the unstable
/// tree. Of ten processes started beside an aged equal one, three never merged in 45 passes; with
/// <c>smart_scan=0</c> all of their pages merged in the next pass.</para>
/// <para>Not thread-safe.</para>
/// </remarks>
/// <param name="memory">What an earlier tracker knew, or null.</param>
public sealed class ConvergenceTracker(ConvergenceMemory? memory = null)
{
    /// <summary>Quiet passes that prove convergence when no page was skipped.</summary>
    public const long PlainPasses = 3;

    /// <summary>Quiet passes that prove it under smart scan.</summary>
    public const long SmartScanPasses = 19;

    /// <summary>Growth below one part in this many of what is saved is churn, not growth.</summary>
    private const long ToleranceDivisor = 1000;

    /// <summary>What the tracker knows; null before the first sample.</summary>
    public ConvergenceMemory? Memory { get; private set; } = memory;

    /// <summary>Takes in one sample, later than those before, and judges.</summary>
    public ConvergenceVerdict Observe(ConvergenceSample now)
    {
        Memory = Memory is { } known && now.FullScans >= known.Last.FullScans && now.SkippedPages >= known.Last.SkippedPages
            ? Advance(known, now)
            : Begin(now, hasGrown: false);
        return Judge(Memory);
    }

    private static ConvergenceMemory Begin(ConvergenceSample now, bool hasGrown) =>
        new(now, now.FullScans, now.SavedPages, now.TrackedPages, long.MinValue, hasGrown);

    private static ConvergenceMemory Advance(ConvergenceMemory known, ConvergenceSample now)
    {
        // What fell between two distant looks may hide growth: a guest left, another is merging. Close looks see both.
        var isClose = now.FullScans - known.Last.FullScans <= 1;
        var fell = known.Last.SavedPages - now.SavedPages > Tolerance(known.Last.SavedPages);
        if (now.HasUnscannedProcess || now.SavedPages - known.FloorSavedPages > Tolerance(known.FloorSavedPages)
            || now.TrackedPages - known.FloorTrackedPages > Tolerance(known.FloorTrackedPages) || (fell && !isClose))
        {
            return Begin(now, hasGrown: true) with { SkippedAtFullScans = SkippedAt(known, now) };
        }

        return known with
        {
            Last = now,
            FloorSavedPages = Math.Min(known.FloorSavedPages, now.SavedPages),
            FloorTrackedPages = Math.Min(known.FloorTrackedPages, now.TrackedPages),
            SkippedAtFullScans = SkippedAt(known, now),
        };
    }

    private static long SkippedAt(ConvergenceMemory known, ConvergenceSample now) =>
        now.SkippedPages > known.Last.SkippedPages ? now.FullScans : known.SkippedAtFullScans;

    private static long Tolerance(long pages) => pages / ToleranceDivisor;

    private static ConvergenceVerdict Judge(ConvergenceMemory known)
    {
        var passes = known.Last.FullScans;
        var quiet = passes - known.QuietSinceFullScans;
        var sinceSkip = known.SkippedAtFullScans == long.MinValue ? quiet : passes - known.SkippedAtFullScans;
        var isPlain = sinceSkip >= Math.Min(quiet, PlainPasses);
        var needed = isPlain ? PlainPasses : SmartScanPasses;
        ConvergenceVerdict Say(Convergence state, string reason) => new(state, reason, quiet, needed);

        if (!known.Last.IsScanning)
        {
            return Say(Convergence.Unknown, "ksmd stands still");
        }

        if (known.Last.HasUnscannedProcess)
        {
            return Say(Convergence.Growing, "a process has asked for merging that ksmd has not looked at yet");
        }

        if (quiet >= needed)
        {
            return Say(Convergence.Converged, $"{Scans(quiet)} without growth");
        }

        if (known.HasGrown)
        {
            return Say(Convergence.Growing, quiet == 0
                ? $"grew in this full scan; {Count(needed)} quiet ones are needed"
                : $"grew {Scans(quiet)} ago; {Count(needed)} quiet ones are needed");
        }

        return Say(Convergence.Unknown, known.Last.TrackedPages == 0
            ? "ksmd tracks no memory yet"
            : $"watched for {Scans(quiet)}; {Count(needed)} are needed");
    }

    private static string Scans(long number) => number == 1 ? "1 full scan" : $"{Count(number)} full scans";

    private static string Count(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
