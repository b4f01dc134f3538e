namespace Samepage.Governing;

/// <summary>
/// How far ksmd must go until everything that can merge has: it merges nothing at the first look, which only notes a
/// checksum, and at the second only what meets its equal in the same pass.
/// </summary>
/// <remarks>
/// A newcomer is put just behind the place where ksmd stands and is reached after one whole round: its first look falls
/// into the next pass, its second into the one after that. Where its equal stands behind it in the order of the scan,
/// and was alone until then, they meet only when that pass comes to the equal. So the pass under way proves nothing,
/// two more are needed, and they must be whole: stopping two rounds after the arrival lost a tenth of the merges
/// in simulation.
/// </remarks>
/// <param name="FullScans">The count of passes at which it is reached.</param>
/// <param name="IsWhole">It began at the start of a pass, with all newcomers at the end of the round: when it is reached, all is done.</param>
public readonly record struct RoundGoal(long FullScans, bool IsWhole = false)
{
    /// <summary>Passes that count, from the one under way on.</summary>
    public const int PassesNeeded = 3;

    /// <summary>Whole passes from the start of one on: the first notes, the second merges.</summary>
    public const int WholePassesNeeded = 2;

    /// <summary>Where nothing is known yet, a third merges what the second only made ready: of two equal pages in one huge page, it splits that.</summary>
    private static int WholePasses(HostSample now) => now.TrackedPages == 0 ? WholePassesNeeded + 1 : WholePassesNeeded;

    /// <summary>From now on.</summary>
    /// <param name="now">The look.</param>
    /// <param name="isAtStart">Whether ksmd stands at the start of a pass, and did so when the newcomers came.</param>
    public static RoundGoal From(HostSample now, bool isAtStart = false) =>
        new(now.FullScans + (isAtStart ? WholePasses(now) : PassesNeeded), isAtStart);

    /// <summary>Whether it is reached.</summary>
    public bool IsReached(HostSample now) => now.FullScans >= FullScans;
}
