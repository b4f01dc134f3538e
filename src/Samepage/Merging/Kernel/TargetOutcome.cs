using Samepage.Targets;

namespace Samepage.Merging.Kernel;

/// <summary>What an action on the kernel engine did to one process.</summary>
/// <param name="Target">The process.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="Reason">Why; a predicate whose subject is the process. Empty where nothing is to be said.</param>
public sealed record TargetOutcome(TargetProcess Target, InjectionOutcome Outcome, string Reason)
{
    /// <summary>How often a thread of it was stopped.</summary>
    public int Stops { get; init; }

    /// <summary>The longest of the stops.</summary>
    public TimeSpan LongestStop { get; init; }

    /// <summary>All stops together.</summary>
    public TimeSpan Stopped { get; init; }

    /// <summary>Merged pages before the action, zero pages included.</summary>
    public long MergedPagesBefore { get; init; }

    /// <summary>Merged pages after the action, zero pages included.</summary>
    public long MergedPagesAfter { get; init; }
}
