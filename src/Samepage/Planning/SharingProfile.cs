using Samepage.Estimating;

namespace Samepage.Planning;

/// <summary>
/// What guests of one kind hold, on average of those that were looked at, and what becomes of it when they are merged.
/// n of them need <c>common + n * unique</c>: each adds its own part, and the common part is held once.
/// </summary>
/// <param name="Guests">How many were looked at; 0 where nothing is known of any.</param>
/// <param name="ResidentBytes">What one of them occupies before merging; null: as much as it may ever have.</param>
/// <param name="UniqueBytes">Of that, what one further guest adds after merging; null: all of it.</param>
/// <param name="CommonBytes">What all of them hold alike, once.</param>
public sealed record SharingProfile(int Guests, long? ResidentBytes, long? UniqueBytes, long CommonBytes)
{
    private const long PageSize = 4096;

    /// <summary>Nothing is known: each guest fills its memory, and shares nothing with anybody.</summary>
    public static SharingProfile None { get; } = new(0, null, null, 0);

    /// <summary>Takes the profile from what an estimate of some guests found.</summary>
    public static SharingProfile Of(Estimate estimate) => Of(
        Portion(estimate.Totals, estimate.NotMergeable), [.. estimate.Targets.Select(target => Portion(target.Counts, target.NotMergeable))]);

    /// <summary>
    /// Takes the profile from what guests need together and alone. With merged(1), the mean of what each needs when merged
    /// by itself, and merged(N), what all need together, a further guest adds (merged(N) - merged(1)) / (N - 1). One guest
    /// alone tells nothing of what two would share: then all that it needs is its own.
    /// </summary>
    /// <param name="together">All of them.</param>
    /// <param name="alone">Each by itself; at least one.</param>
    public static SharingProfile Of(GuestPortion together, IReadOnlyList<GuestPortion> alone)
    {
        var count = alone.Count;
        var resident = Mean(alone.Sum(guest => guest.ResidentPages), count);
        var single = Math.Min(resident, Mean(alone.Sum(guest => guest.MergedPages), count));
        var own = Mean(alone.Sum(guest => guest.UnmergeablePages), count);
        var unique = count == 1 ? single : Math.Clamp(Mean(together.MergedPages - single, count - 1), 0, single);
        return new SharingProfile(count, (resident + own) * PageSize, (unique + own) * PageSize, (single - unique) * PageSize);
    }

    /// <summary>Rounded up: a plan may err on the side of needing more.</summary>
    private static long Mean(long sum, int count) => sum <= 0 ? 0 : ((sum - 1) / count) + 1;

    private static GuestPortion Portion(PageCounts counts, IEnumerable<UnmergeableMemory> notMergeable) => GuestPortion.Of(
        counts.PresentPages, counts.ZeroPages, counts.DistinctPages, counts.VolatilePages, counts.SwappedPages,
        notMergeable.Where(memory => IsOwn(memory.Reason)).Sum(memory => memory.ResidentBytes));

    /// <summary>Memory of the guest's own that merging cannot take. Files are the page cache's, and are dropped under pressure.</summary>
    public static bool IsOwn(UnmergeableReason reason) =>
        reason is UnmergeableReason.SharedMemory or UnmergeableReason.HugeTlb or UnmergeableReason.Droppable;
}

/// <summary>What one guest, or several together, hold, in pages.</summary>
/// <param name="ResidentPages">Anonymous pages, as many as they would be with nothing merged.</param>
/// <param name="MergedPages">Frames that remain of them when merged.</param>
/// <param name="UnmergeablePages">Memory besides that merging cannot take.</param>
public readonly record struct GuestPortion(long ResidentPages, long MergedPages, long UnmergeablePages)
{
    /// <summary>
    /// Takes it from an estimate's counts. Pages that are shared already count as resident, since they may break apart;
    /// what changes too fast and what lies in swap is taken to share nothing.
    /// </summary>
    public static GuestPortion Of(long present, long zero, long distinct, long changing, long swapped, long unmergeableBytes) =>
        new(present + swapped, Math.Max(0, distinct - (zero > 0 ? 1 : 0)) + changing + swapped, (unmergeableBytes + 4095) / 4096);
}
