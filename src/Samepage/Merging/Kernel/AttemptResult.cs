namespace Samepage.Merging.Kernel;

/// <summary>What to do after an attempt.</summary>
internal enum AttemptVerdict
{
    /// <summary>The calls were made.</summary>
    Done,

    /// <summary>Something passing was in the way.</summary>
    Retry,

    /// <summary>This thread will not do; another might.</summary>
    OtherThread,

    /// <summary>The kernel does not allow it.</summary>
    NotPermitted,

    /// <summary>Something unexpected.</summary>
    Failed,
}

/// <summary>How one attempt ended.</summary>
/// <param name="Verdict">What to do next.</param>
/// <param name="Reason">Why; a predicate whose subject is the process.</param>
internal sealed record AttemptResult(AttemptVerdict Verdict, string Reason)
{
    /// <summary>The answers to the calls that were made.</summary>
    public IReadOnlyList<long> Returns { get; init; } = [];

    /// <summary>How long the thread stood still.</summary>
    public TimeSpan Stopped { get; init; }
}
