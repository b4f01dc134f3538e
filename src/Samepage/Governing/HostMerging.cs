namespace Samepage.Governing;

/// <summary>What ksmd does now.</summary>
public enum KsmdState
{
    /// <summary>The kernel has no KSM.</summary>
    Absent,

    /// <summary>run=0: it stands still, and what is merged stays merged.</summary>
    Stopped,

    /// <summary>run=1.</summary>
    Scanning,

    /// <summary>run=2: everything was unmerged, and it stands still.</summary>
    Unmerging,
}

/// <summary>One look at the merging of a whole host.</summary>
/// <param name="State">What ksmd does.</param>
/// <param name="IsAdvisorOn">The kernel's advisor sets the pace.</param>
/// <param name="PagesShared">Stable pages in memory.</param>
/// <param name="PagesSharing">Frames saved by them.</param>
/// <param name="ZeroPages">Frames saved by the kernel's zero page.</param>
/// <param name="PagesUnshared">Pages that were unique when last seen.</param>
/// <param name="PagesVolatile">Pages not placed: new, changing, or skipped by smart scan.</param>
/// <param name="KsmdCpuSeconds">CPU time of ksmd since boot; null where its thread cannot be seen.</param>
/// <param name="Sample">What convergence is judged by.</param>
public sealed record HostMerging(
    KsmdState State, bool IsAdvisorOn, long PagesShared, long PagesSharing, long ZeroPages, long PagesUnshared,
    long PagesVolatile, double? KsmdCpuSeconds, ConvergenceSample Sample)
{
    private const long PageSize = 4096;

    /// <summary>The size of the kernel's item for each tracked page, and of that for each stable page.</summary>
    private const long ItemSize = 64;

    /// <summary>What merging saves, before metadata.</summary>
    public long SavedBytes => Sample.SavedPages * PageSize;

    /// <summary>What the kernel keeps for it: an item for each tracked and each stable page.</summary>
    public long MetadataBytes => (Sample.TrackedPages + PagesShared) * ItemSize;

    /// <summary>What remains; negative where merging costs more than it saves.</summary>
    public long ProfitBytes => SavedBytes - MetadataBytes;
}

/// <summary>How a process came to be merged.</summary>
public enum OptInKind
{
    /// <summary>Not opted in.</summary>
    None,

    /// <summary>The whole process, by prctl.</summary>
    WholeProcess,

    /// <summary>Its own madvise on regions, as QEMU does.</summary>
    Regions,

    /// <summary>The kernel does not say (before 6.14).</summary>
    Unknown,
}

/// <summary>One look at the merging of a process.</summary>
/// <param name="Pid">Its number.</param>
/// <param name="Name">Its command name.</param>
/// <param name="MergedPages">Pages on shared stable pages.</param>
/// <param name="ZeroPages">Pages on the kernel's zero page.</param>
/// <param name="TrackedPages">Pages that ksmd keeps metadata for.</param>
/// <param name="OptIn">How it opted in.</param>
/// <param name="IsReadable">False where the caller may not look; the counts are then 0.</param>
public sealed record ProcessMerging(
    int Pid, string Name, long MergedPages, long ZeroPages, long TrackedPages, OptInKind OptIn, bool IsReadable)
{
    /// <summary>Merged and zero pages in bytes. One frame of each content remains and is not deducted here.</summary>
    public long SavedBytes => (MergedPages + ZeroPages) * 4096;

    /// <summary>The same after this process's metadata, as the kernel accounts it.</summary>
    public long ProfitBytes => SavedBytes - (TrackedPages * 64);
}

/// <summary>A look at several processes.</summary>
/// <param name="Shown">Those asked for, or all that have merged pages; the largest saving first.</param>
/// <param name="OptedInUnmerged">Others that opted in and have no merged pages.</param>
/// <param name="Unreadable">Others that the caller may not look at.</param>
/// <param name="HasUnscanned">A process has opted in as a whole and ksmd has not come to it yet.</param>
/// <param name="HasUnscannedRegions">Likewise one that advised some of its memory; there may be nothing in that.</param>
public sealed record ProcessSurvey(
    IReadOnlyList<ProcessMerging> Shown, int OptedInUnmerged, int Unreadable, bool HasUnscanned, bool HasUnscannedRegions);
