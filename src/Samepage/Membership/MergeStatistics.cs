using Samepage.Merging.User.Protocol;

namespace Samepage;

/// <summary>What this process is to its domain.</summary>
public enum MergeState
{
    /// <summary>Not joined.</summary>
    None = 0,

    /// <summary>No keeper yet, or again: ranges are only noted.</summary>
    Joining = 1,

    /// <summary>At work.</summary>
    Merging = 2,

    /// <summary>Merges nothing more; what was merged stays.</summary>
    Stopped = 3,

    /// <summary>A forked child of a member, where nothing new is merged.</summary>
    Child = 4,
}

/// <summary>Counters of this process. Totals only grow; the others are as of the last look. Pages are of 4096 bytes.</summary>
public readonly record struct MergeStatistics
{
    private readonly MemberCounters _counters;

    internal MergeStatistics(in MemberCounters counters) => _counters = counters;

    /// <summary>What the process is to its domain.</summary>
    public MergeState State => (MergeState)_counters.State;

    /// <summary>Memory under advice.</summary>
    public long AdvisedBytes => (long)_counters.AdvisedBytes;

    /// <summary>Pages mapped from a segment and not written since.</summary>
    public long MergedPages => (long)_counters.MergedPages;

    /// <summary>Pages mapped from a segment and written since.</summary>
    public long BrokenPages => (long)_counters.BrokenPages;

    /// <summary>Zero pages given back.</summary>
    public long ZeroPagesTotal => (long)_counters.ZeroPagesTotal;

    /// <summary>Fingerprints taken.</summary>
    public long ScannedPagesTotal => (long)_counters.ScannedPagesTotal;

    /// <summary>Pages merged.</summary>
    public long MergedPagesTotal => (long)_counters.MergedPagesTotal;

    /// <summary>Pages written into segments by this process.</summary>
    public long PromotedPagesTotal => (long)_counters.PromotedPagesTotal;

    /// <summary>Pages moved back, because they had changed since their fingerprint was taken.</summary>
    public long DifferedPagesTotal => (long)_counters.DifferedPagesTotal;

    /// <summary>Pages that the kernel refused to move: pinned for I/O, or shared with a forked child.</summary>
    public long PinnedPagesTotal => (long)_counters.PinnedPagesTotal;

    /// <summary>Merged pages found written.</summary>
    public long CowBreaksTotal => (long)_counters.CowBreaksTotal;

    /// <summary>Written pages made anonymous again, to be merged anew.</summary>
    public long ReturnedPagesTotal => (long)_counters.ReturnedPagesTotal;

    /// <summary>Segments held open.</summary>
    public long Segments => (long)_counters.Segments;

    /// <summary>Mappings added by merging.</summary>
    public long Mappings => (long)_counters.Mappings;

    /// <summary>Times that a part of the memory was held back.</summary>
    public long WindowsTotal => (long)_counters.WindowsTotal;

    /// <summary>The longest of them; no access waited longer.</summary>
    public TimeSpan WindowMax => TimeSpan.FromTicks((long)_counters.WindowNanosecondsMax / TimeSpan.NanosecondsPerTick);

    /// <summary>All of them together.</summary>
    public TimeSpan WindowTotal => TimeSpan.FromTicks((long)_counters.WindowNanosecondsTotal / TimeSpan.NanosecondsPerTick);

    /// <summary>CPU time of the engine's thread.</summary>
    public TimeSpan CpuTotal => TimeSpan.FromTicks((long)_counters.CpuNanosecondsTotal / TimeSpan.NanosecondsPerTick);

    /// <summary>Resident memory that the engine needs for this process's pages.</summary>
    public long MetadataBytes => (long)_counters.MetadataBytes;

    /// <summary>Times that everything advised was looked at.</summary>
    public long PassesTotal => (long)_counters.PassesTotal;
}
