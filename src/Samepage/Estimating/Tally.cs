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

    /// <summary>Frames that hold anything but zeros; counted only where a sample of contents is taken.</summary>
    public long ContentFrames;

    public long SharedContents;
    public long Volatile;
    public long KsmMerged;
    public long Swapped;
    public long HugePages;
    public long HugePagesToSplit;
    public long HugePageDuplicates;

    /// <summary>What could be saved: as counted, or as the sample lets one expect.</summary>
    public long EstimateSavable(ContentSampler sampler) => sampler.Savable(ContentFrames, Distinct, Savable);

    /// <summary>The counts as people see them, with what a sample tells brought up to the whole.</summary>
    public PageCounts ToCounts(ContentSampler sampler) => new()
    {
        PresentPages = Present,
        ZeroPages = Zero,
        DistinctPages = (sampler.OneIn == 1 ? Distinct : ContentFrames - EstimateSavable(sampler)) + (Zero > 0 ? 1 : 0),
        SavablePages = EstimateSavable(sampler),
        AlreadySharedPages = AlreadyShared,
        PagesOnSharedFrames = OnSharedFrames,
        KsmMergedPages = KsmMerged,
        VolatilePages = Volatile,
        SwappedPages = Swapped,
        SharedContents = SharedContents * sampler.OneIn,
        HugePages = HugePages,
        HugePagesToSplit = HugePagesToSplit,
        HugePageDuplicatePages = HugePageDuplicates,
    };
}
