using Samepage.Linux.Sys;

namespace Samepage.Governing;

/// <summary>One look at ksmd's counters, as <see cref="ConvergenceTracker"/> wants it.</summary>
/// <param name="TakenAt">When it was taken.</param>
/// <param name="IsScanning">ksmd runs (<c>run</c> is 1).</param>
/// <param name="FullScans">Whole passes since boot; the pass after them is under way.</param>
/// <param name="SavedPages">Frames saved: sharing plus zero pages.</param>
/// <param name="TrackedPages">Pages that ksmd keeps metadata for.</param>
/// <param name="SkippedPages">Pages that smart scan has passed over since boot; 0 where the kernel has no smart scan.</param>
/// <param name="HasUnscannedProcess">A process has asked for merging and ksmd has not come to it yet.</param>
public readonly record struct ConvergenceSample(
    DateTimeOffset TakenAt, bool IsScanning, long FullScans, long SavedPages, long TrackedPages, long SkippedPages,
    bool HasUnscannedProcess = false)
{
    /// <summary>Takes a sample of the host.</summary>
    public static ConvergenceSample Take(KsmSysfs ksm) => new(
        DateTimeOffset.UtcNow, ksm.IsRunning, ksm.FullScans, ksm.SavedPages, ksm.RmapItems, ksm.PagesSkipped ?? 0);
}

/// <summary>Whether ksmd still finds pages to merge.</summary>
public enum Convergence
{
    /// <summary>Not watched for long enough to say, or ksmd stands still.</summary>
    Unknown,

    /// <summary>Merging grew lately, or new memory came in.</summary>
    Growing,

    /// <summary>Enough whole passes went by without growth.</summary>
    Converged,
}

/// <summary>What a tracker says after a sample.</summary>
/// <param name="State">The answer.</param>
/// <param name="Reason">Why, in one sentence without a full stop.</param>
/// <param name="QuietPasses">Whole passes since the last growth, as far as watched.</param>
/// <param name="NeededPasses">Quiet passes after which it counts as converged.</param>
public sealed record ConvergenceVerdict(Convergence State, string Reason, long QuietPasses, long NeededPasses);

/// <summary>All that a tracker knows, so that it can be kept between runs of a command.</summary>
/// <param name="Last">The latest sample.</param>
/// <param name="QuietSinceFullScans">The pass count at which growth (or the watch) last began anew.</param>
/// <param name="FloorSavedPages">The least saved since then.</param>
/// <param name="FloorTrackedPages">The least tracked since then.</param>
/// <param name="SkippedAtFullScans">The pass count at which smart scan was last seen to skip a page.</param>
/// <param name="HasGrown">Growth was seen; otherwise the watch merely began.</param>
public sealed record ConvergenceMemory(
    ConvergenceSample Last, long QuietSinceFullScans, long FloorSavedPages, long FloorTrackedPages,
    long SkippedAtFullScans, bool HasGrown);
