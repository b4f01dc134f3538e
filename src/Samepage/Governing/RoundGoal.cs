namespace Samepage.Governing;

/// <summary>
/// How far ksmd must go until it has looked twice at everything there is: it merges nothing at the first look, which
/// only notes a checksum, and everything that stayed the same at the second.
/// </summary>
/// <remarks>
/// A newcomer is put just behind the place where ksmd stands and is reached after one whole round, so two rounds from
/// there on have seen it twice. Where the kernel does not count pages, or they are fewer than they seemed, whole
/// passes are counted: the one under way proves nothing, two more suffice.
/// </remarks>
/// <param name="Pages">The count of pages at which two rounds are over; null where the kernel does not count.</param>
/// <param name="FullScans">The count of passes at which they are over at the latest.</param>
public readonly record struct RoundGoal(long? Pages, long FullScans)
{
    private const int LooksNeeded = 2;

    /// <summary>Two rounds from now on, over what is known and what is new.</summary>
    public static RoundGoal From(HostSample now, long newPages)
    {
        var round = now.TrackedPages + newPages;
        // One in twenty more, for pages that appear meanwhile.
        return new RoundGoal(now.PagesScanned + (LooksNeeded * (round + (round / 20))), now.FullScans + LooksNeeded + 1);
    }

    /// <summary>Whether it is reached.</summary>
    public bool IsReached(HostSample now) =>
        now.FullScans >= FullScans || (Pages is { } goal && now.PagesScanned >= goal);

    /// <summary>The farther of two goals.</summary>
    public RoundGoal Max(RoundGoal other) => new(
        Pages is { } mine && other.Pages is { } others ? Math.Max(mine, others) : Pages ?? other.Pages,
        Math.Max(FullScans, other.FullScans));
}
