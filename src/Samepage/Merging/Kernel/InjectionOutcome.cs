namespace Samepage.Merging.Kernel;

/// <summary>How an action on one process ended.</summary>
public enum InjectionOutcome
{
    /// <summary>The process did what was asked.</summary>
    Done,

    /// <summary>Nothing had to be done.</summary>
    Already,

    /// <summary>The process has ended.</summary>
    Gone,

    /// <summary>The process cannot be worked on; the reason says why.</summary>
    Unsuitable,

    /// <summary>The caller may not do this to the process.</summary>
    NotPermitted,

    /// <summary>Memory would not suffice; the reason shows the arithmetic.</summary>
    RefusedByGuard,

    /// <summary>The kernel refused the call itself, or did not do what it answered.</summary>
    Failed,

    /// <summary>The command was interrupted before this process's turn, or in the middle of it.</summary>
    Cancelled,
}

/// <summary>What came of making a process carry out system calls.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="Reason">Why it ended so; empty where it is done.</param>
/// <param name="Returns">What the calls answered, in their order; fewer than asked where one was interrupted.</param>
/// <param name="ThreadId">The thread that was used; 0 where it came to none.</param>
/// <param name="Tries">Attempts made, the last one included.</param>
/// <param name="Stopped">
/// How long threads of the process stood still, over all tries: from the request to stop until let go, so that it is
/// an upper bound.
/// </param>
public sealed record InjectionResult(
    InjectionOutcome Outcome, string Reason, IReadOnlyList<long> Returns, int ThreadId, int Tries, TimeSpan Stopped)
{
    /// <summary>The longest of those stops.</summary>
    public TimeSpan LongestStop { get; init; }
}

/// <summary>Settings that only tests change.</summary>
public sealed record InjectorOptions
{
    /// <summary>Keep interrupted calls from failing with EINTR. Tests switch it off to see that they would notice.</summary>
    public bool RepairInterruptedCalls { get; init; } = true;

    /// <summary>The first try that blocks the thread's signals, counted from 1.</summary>
    public int FirstMaskedTry { get; init; } = 3;

    /// <summary>Called at each step with the number of the process, while its thread stands still; null in earnest.</summary>
    public Action<InjectionStep, int>? AtStep { get; init; }
}
