namespace Samepage.Server.Loop;

/// <summary>How much a line of the log matters, by the numbers of syslog and sd-daemon(3).</summary>
public enum LogLevel
{
    /// <summary>Something did not work.</summary>
    Error = 3,

    /// <summary>Somebody should look.</summary>
    Warning = 4,

    /// <summary>Normal, and worth knowing.</summary>
    Notice = 5,

    /// <summary>What was decided.</summary>
    Info = 6,
}

/// <summary>One thing that was decided or met with.</summary>
/// <param name="Number">Counts from 1.</param>
/// <param name="At">The time of day.</param>
/// <param name="Who">Who decided: governor, guard, rules, profit, policy, swap, history or daemon.</param>
/// <param name="Scope">About what: "host", a control group, or "process".</param>
/// <param name="Pid">About which process; null where about none.</param>
/// <param name="What">What was decided.</param>
/// <param name="Why">Why, with the figures.</param>
public sealed record Decision(long Number, DateTimeOffset At, string Who, string Scope, int? Pid, string What, string Why)
{
    /// <summary>As the log has it, on one line.</summary>
    public override string ToString()
    {
        var about = Pid is { } pid ? FormattableString.Invariant($"{Scope} {pid}") : Scope;
        return (Why.Length > 0 ? $"{Who}: {about}: {What}: {Why}" : $"{Who}: {about}: {What}").ReplaceLineEndings(" ");
    }
}
