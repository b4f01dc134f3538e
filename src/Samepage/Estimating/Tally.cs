namespace Samepage.Estimating;

/// <summary>The running counts behind a <see cref="PageCounts"/>; written under the counter's lock.</summary>
internal sealed class Tally
{
    public long Present;
    public long AlreadyShared;
    public long OnSharedFrames;
    public long Zero;
    public long Distinct;
    public long Savable;
    public long SharedContents;
    public long Volatile;
    public long KsmMerged;
    public long Swapped;
    public long HugePages;
    public long HugePagesToSplit;
    public long HugePageDuplicates;

    /// <summary>The counts as people see them, with sampled ones multiplied up.</summary>
    public PageCounts ToCounts(int oneIn) => new()
    {
        PresentPages = Present,
        ZeroPages = Zero,
        DistinctPages = Distinct * oneIn + (Zero > 0 ? 1 : 0),
        SavablePages = Savable * oneIn,
        AlreadySharedPages = AlreadyShared,
        PagesOnSharedFrames = OnSharedFrames,
        KsmMergedPages = KsmMerged,
        VolatilePages = Volatile,
        SwappedPages = Swapped,
        SharedContents = SharedContents * oneIn,
        HugePages = HugePages,
        HugePagesToSplit = HugePagesToSplit,
        HugePageDuplicatePages = HugePageDuplicates,
    };
}
