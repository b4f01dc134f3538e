namespace Samepage.Cli;

/// <summary>What the command's exit status means; the numbers are a contract.</summary>
internal static class ExitCode
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int Usage = 2;
    public const int Missing = 3;
    public const int NotPermitted = 4;
    public const int TargetUnsuitable = 5;
    public const int RefusedByGuard = 6;

    /// <summary>Each of them in words, for manual pages and the reference.</summary>
    public static IReadOnlyList<(int Code, string Meaning)> Meanings { get; } =
    [
        (Done, "Done, or nothing to do."),
        (Failed, "Failed, or interrupted before it was done."),
        (Usage, "Wrong usage, or a file that cannot be followed: nothing was begun."),
        (Missing, "This kernel or machine lacks what is needed."),
        (NotPermitted, "Not permitted; the message says what is needed."),
        (TargetUnsuitable, "The target has gone, was never there, or is unsuitable."),
        (RefusedByGuard, "Refused by the guard: memory would not suffice."),
    ];
}
