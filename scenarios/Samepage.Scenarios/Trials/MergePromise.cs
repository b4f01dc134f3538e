using Samepage.Estimating;

namespace Samepage.Scenarios.Trials;

/// <summary>What an estimate promises that ksmd will save on this host.</summary>
/// <param name="Estimate">The estimate.</param>
/// <param name="DuplicatePages">Non-zero pages that merging frees.</param>
/// <param name="ZeroPages">Pages of zeros that merging frees.</param>
public sealed record MergePromise(Estimate Estimate, long DuplicatePages, long ZeroPages)
{
    /// <summary>Both together.</summary>
    public long Pages => DuplicatePages + ZeroPages;

    /// <summary>Both together, in bytes.</summary>
    public long Bytes => Pages * 4096;

    /// <summary>
    /// Reads the promise off an estimate. Where ksmd maps pages of zeros to the kernel's own zero page, each of them
    /// frees a frame; else they are merged like any content, and one frame in every <paramref name="sharingMax"/> stays
    /// (a stable page carries no more). The same holds for other contents with so many copies; the estimate does not
    /// tell them apart, and at 256 they are at most 0.4 % of the promise.
    /// </summary>
    /// <param name="estimate">The estimate.</param>
    /// <param name="usesKernelZeroPage">The host's <c>use_zero_pages</c>.</param>
    /// <param name="sharingMax">The host's <c>max_page_sharing</c>.</param>
    public static MergePromise From(Estimate estimate, bool usesKernelZeroPage, long sharingMax)
    {
        var zero = estimate.Totals.ZeroPages;
        var kept = usesKernelZeroPage ? 0 : (zero + sharingMax - 1) / sharingMax;
        return new MergePromise(estimate, estimate.Totals.SavablePages, zero - kept);
    }
}
