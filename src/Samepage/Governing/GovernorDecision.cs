namespace Samepage.Governing;

/// <summary>What the governor is about.</summary>
public enum GovernorMode
{
    /// <summary>Nothing has opted in, or merging costs more than it saves: ksmd stands still.</summary>
    Resting,

    /// <summary>All that was there to merge is merged: a trickle looks for more.</summary>
    Converged,

    /// <summary>There is something to gain, and ksmd is at it.</summary>
    Working,

    /// <summary>The same, faster, because memory is short.</summary>
    Hurrying,

    /// <summary>There is something to gain, and others need the CPU, or new memory still grows.</summary>
    Waiting,

    /// <summary>The CPU budget is used up for the moment.</summary>
    Spent,

    /// <summary>The guard lets nothing grow.</summary>
    Held,
}

/// <summary>One decision, and all that a reader needs to follow it.</summary>
/// <param name="At">When, on the clock of the samples.</param>
/// <param name="Mode">What the governor is about.</param>
/// <param name="Order">What ksmd is told.</param>
/// <param name="IsChanged">The order differs from the one before.</param>
/// <param name="Reason">Why, in one sentence without a full stop.</param>
/// <param name="NextLook">When to look again, at the latest.</param>
/// <param name="WantedShare">The share of one core that this is meant to take.</param>
/// <param name="BudgetLeftSeconds">CPU time left in the window of the budget.</param>
/// <param name="GainBytesPerCpuSecond">What ksmd's latest CPU time brought; null where it had too little to say.</param>
public sealed record GovernorDecision(
    TimeSpan At, GovernorMode Mode, ScanOrder Order, bool IsChanged, string Reason, TimeSpan NextLook,
    double WantedShare, double BudgetLeftSeconds, double? GainBytesPerCpuSecond);
