namespace Samepage.Guarding;

/// <summary>How far the guard has gone. Each level includes those before it.</summary>
public enum GuardLevel
{
    /// <summary>Nothing to do.</summary>
    Calm,

    /// <summary>What is merged may not grow.</summary>
    Hold,

    /// <summary>People are told.</summary>
    Warn,

    /// <summary>Swap is added.</summary>
    Provision,

    /// <summary>Cold pages of unimportant programs are pushed out.</summary>
    PageOut,

    /// <summary>No new guest is admitted.</summary>
    Refuse,
}

/// <summary>When a level is entered and left.</summary>
/// <param name="Level">The level.</param>
/// <param name="EnterCoverage">Entered where coverage is below this.</param>
/// <param name="LeaveCoverage">Left where it is at least this.</param>
/// <param name="EnterPressure">Entered where PSI of memory is at least this, in percent.</param>
/// <param name="LeavePressure">Left where it is below this.</param>
public sealed record GuardFloor(
    GuardLevel Level, double EnterCoverage, double LeaveCoverage, double EnterPressure, double LeavePressure);

/// <summary>What an operator may set of the guard.</summary>
public sealed record GuardOptions
{
    /// <summary>One floor for each level after <see cref="GuardLevel.Calm"/>, in their order.</summary>
    public IReadOnlyList<GuardFloor> Floors { get; init; } =
    [
        // A shortage of memory alone is no reason to stop merging: merging is what relieves it.
        new(GuardLevel.Hold, 1.2, 1.35, double.PositiveInfinity, double.PositiveInfinity),
        new(GuardLevel.Warn, 1.1, 1.25, 10, 4),
        new(GuardLevel.Provision, 1.0, 1.15, 15, 6),
        new(GuardLevel.PageOut, 0.9, 1.05, 20, 8),
        new(GuardLevel.Refuse, 0.8, 0.95, 30, 12),
    ];

    /// <summary>How long things must have been better before one action is taken back, and between two that are.</summary>
    public TimeSpan RelaxAfter { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long after it was taken back an action may not be taken again.</summary>
    public TimeSpan RepeatAfter { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long after an order of swap or page-out the next one follows while it is still needed.</summary>
    public TimeSpan AgainAfter { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Whether swap may be added.</summary>
    public bool MayProvision { get; init; }

    /// <summary>Whether pages of low-priority targets may be pushed out.</summary>
    public bool MayPageOut { get; init; } = true;

    /// <summary>The most that one order pushes out.</summary>
    public long PageOutMax { get; init; } = 256L << 20;

    /// <summary>Memory that unmerging leaves to everybody else.</summary>
    public long ReserveBytes { get; init; } = BreakGuard.ReserveBytes;
}
