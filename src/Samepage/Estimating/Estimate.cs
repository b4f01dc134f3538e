namespace Samepage.Estimating;

/// <summary>
/// What merging would save: the result of one look (or two, with an interval) at the anonymous private pages of some
/// processes. All counts are exact unless <see cref="Sampling"/> is set.
/// </summary>
/// <remarks>
/// Over frames, not virtual pages, holds for the total and for each target looked at alone:
/// <c>present - already shared = zero + distinct non-zero + savable + volatile</c>.
/// </remarks>
public sealed record Estimate
{
    /// <summary>All targets together.</summary>
    public required PageCounts Totals { get; init; }

    /// <summary>Each target, in the order of the query.</summary>
    public required IReadOnlyList<TargetEstimate> Targets { get; init; }

    /// <summary>Who shares with whom.</summary>
    public required SharingMatrix Sharing { get; init; }

    /// <summary>What the look itself cost.</summary>
    public required EstimateCost Cost { get; init; }

    /// <summary>Memory that merging cannot take, over all targets, largest first.</summary>
    public required IReadOnlyList<UnmergeableMemory> NotMergeable { get; init; }

    /// <summary>How frames were told apart: see <see cref="Estimating.FrameIdentity"/>.</summary>
    public required FrameIdentity FrameIdentity { get; init; }

    /// <summary>Whether the look was cut short: the counts are of what had been read by then.</summary>
    public bool IsPartial { get; init; }

    /// <summary>
    /// Whether two looks were asked for and it was cut short before the second: the counts are the first look's, and
    /// nothing is known of what changes.
    /// </summary>
    public bool IsSecondLookMissing { get; init; }

    /// <summary>
    /// Whether the kernel tells which pages are huge (6.7 and later); where not, counts of huge pages are 0.
    /// </summary>
    public bool HugePagesKnown { get; init; } = true;

    /// <summary>Set where only a sample of contents was counted.</summary>
    public SamplingResult? Sampling { get; init; }

    /// <summary>Set where duplicates were compared byte by byte.</summary>
    public VerificationResult? Verification { get; init; }
}

/// <summary>Counts over anonymous private pages of one target or of all.</summary>
public sealed record PageCounts
{
    /// <summary>Virtual pages that a frame stands behind.</summary>
    public required long PresentPages { get; init; }

    /// <summary>Frames that hold nothing but zeros.</summary>
    public required long ZeroPages { get; init; }

    /// <summary>Distinct contents; all zeros count as one.</summary>
    public required long DistinctPages { get; init; }

    /// <summary>Non-zero frames less their distinct contents: what merging would free.</summary>
    public required long SavablePages { get; init; }

    /// <summary>Virtual pages beyond the first on one frame: forks, earlier merges, the kernel's zero page.</summary>
    public required long AlreadySharedPages { get; init; }

    /// <summary>
    /// Virtual pages whose frame another page table maps too, whoever's. For a forked pair that is all of both, whereas
    /// <see cref="AlreadySharedPages"/> of the total counts the second of each two.
    /// </summary>
    public required long PagesOnSharedFrames { get; init; }

    /// <summary>Virtual pages that the kernel has merged, zero pages included.</summary>
    public required long KsmMergedPages { get; init; }

    /// <summary>Frames that changed between the two looks; 0 with a single look.</summary>
    public required long VolatilePages { get; init; }

    /// <summary>Pages in swap: not looked at, as reading would bring them back.</summary>
    public required long SwappedPages { get; init; }

    /// <summary>Distinct non-zero contents that more than one frame holds: each becomes one stable page.</summary>
    public required long SharedContents { get; init; }

    /// <summary>
    /// Huge pages (2 MiB) that hold at least one page to merge, and would be split. Like the two counts below it is taken
    /// over all targets together, for a single target too.
    /// </summary>
    public required long HugePagesToSplit { get; init; }

    /// <summary>Huge pages present.</summary>
    public required long HugePages { get; init; }

    /// <summary>Of the pages in huge pages that would be split, those that are duplicate or zero.</summary>
    public required long HugePageDuplicatePages { get; init; }

    /// <summary>What merging frees, in bytes, zero pages left out.</summary>
    public long SavableBytes => SavablePages * 4096;

    /// <summary>What merging zero pages into one frees, in bytes.</summary>
    public long ZeroSavableBytes => Math.Max(0, ZeroPages - 1) * 4096;

    /// <summary>
    /// What the kernel's merging keeps to itself for these pages: 64 bytes for each page it scans and 64 for each
    /// stable page (struct ksm_rmap_item and struct ksm_stable_node).
    /// </summary>
    public long MetadataBytes => ((PresentPages + SharedContents + (ZeroPages > 1 ? 1 : 0)) * 64);

    /// <summary>Savable bytes, zero pages left out, less metadata; negative where merging would not pay.</summary>
    public long NetSavableBytes => SavableBytes - MetadataBytes;
}

/// <summary>One target's part.</summary>
/// <param name="Pid">Process number.</param>
/// <param name="Name">Command name.</param>
/// <param name="Counts">What would be found if only this target were scanned.</param>
/// <param name="AttributedBytes">Its share of the total's savable bytes; the shares add up to the total.</param>
/// <param name="NotMergeable">Memory of it that merging cannot take, largest first.</param>
/// <param name="AddressMap">Where in its address space the duplicates lie, in ascending order.</param>
/// <param name="Note">What went wrong while it was looked at (it exited, a mapping vanished), or null.</param>
public sealed record TargetEstimate(
    int Pid, string Name, PageCounts Counts, long AttributedBytes,
    IReadOnlyList<UnmergeableMemory> NotMergeable, IReadOnlyList<AddressChunk> AddressMap, string? Note);

/// <summary>One 2 MiB aligned window of an address space with at least one page looked at.</summary>
/// <param name="Address">Its first address.</param>
/// <param name="PresentPages">Pages present in it, 1 to 512.</param>
/// <param name="DuplicatePages">Of these, non-zero pages whose content stands elsewhere too, within or across targets.</param>
/// <param name="ZeroPages">Of these, pages of zeros.</param>
/// <param name="IsHuge">One huge page backs it.</param>
public readonly record struct AddressChunk(
    ulong Address, int PresentPages, int DuplicatePages, int ZeroPages, bool IsHuge);

/// <summary>
/// Distinct non-zero contents that targets hold in common. Symmetric; on the diagonal stand the contents that a target
/// holds at all. Contents found in many different combinations of targets are told apart up to a limit.
/// </summary>
/// <param name="SharedContents">Square, in the order of <see cref="Estimate.Targets"/>; empty above 256 targets.</param>
/// <param name="IsTruncated">The limit was reached: what lies off the diagonal is a lower bound.</param>
public sealed record SharingMatrix(long[][] SharedContents, bool IsTruncated);

/// <summary>Memory that merging cannot take, by reason.</summary>
/// <param name="Reason">Why.</param>
/// <param name="ResidentBytes">How much of it is present.</param>
/// <param name="MappedBytes">How much is mapped.</param>
public sealed record UnmergeableMemory(UnmergeableReason Reason, long ResidentBytes, long MappedBytes);

/// <summary>What the look cost.</summary>
/// <param name="CpuSeconds">CPU time of this process, all threads.</param>
/// <param name="WallSeconds">Elapsed time.</param>
/// <param name="PagesRead">Pages copied out of targets, both looks together.</param>
/// <param name="PeakRssBytes">The most memory this process ever held.</param>
public sealed record EstimateCost(double CpuSeconds, double WallSeconds, long PagesRead, long PeakRssBytes);

/// <summary>A sample of one content in <paramref name="OneIn"/>, chosen by fingerprint.</summary>
/// <param name="OneIn">N of "1 in N".</param>
/// <param name="SampledContents">Distinct contents counted.</param>
/// <param name="SavablePagesLow">Lower end of the 95 % confidence interval for the total's savable pages.</param>
/// <param name="SavablePagesHigh">Upper end.</param>
public sealed record SamplingResult(int OneIn, long SampledContents, long SavablePagesLow, long SavablePagesHigh);

/// <summary>The outcome of comparing duplicates byte by byte.</summary>
/// <param name="ComparedPages">Pages compared with the first page of their content.</param>
/// <param name="DifferentPages">Of these, unequal: a fingerprint collision, or a page that changed in between.</param>
public sealed record VerificationResult(long ComparedPages, long DifferentPages);

/// <summary>How two virtual pages were found to share one frame.</summary>
public enum FrameIdentity
{
    /// <summary>By physical frame number (needs CAP_SYS_ADMIN): exact.</summary>
    FrameNumber,

    /// <summary>
    /// By the kernel's mapped-exclusively bit: equal pages of two targets that are not exclusive are taken to share a
    /// frame, those of one target only where the kernel has merged pages of the mapping.
    /// </summary>
    ExclusiveBit,
}

/// <summary>Why merging cannot take a mapping.</summary>
public enum UnmergeableReason
{
    /// <summary>Pages of a file: the page cache holds them once already.</summary>
    FileBacked,

    /// <summary>Shared memory (memfd, tmpfs, MAP_SHARED): guests with shared RAM end up here.</summary>
    SharedMemory,

    /// <summary>hugetlbfs pages are never merged.</summary>
    HugeTlb,

    /// <summary>Device, vdso and other special mappings (VM_IO, VM_PFNMAP, VM_MIXEDMAP, VM_DONTEXPAND).</summary>
    Special,

    /// <summary>The program asked the kernel to drop pages under pressure (MAP_DROPPABLE).</summary>
    Droppable,
}
