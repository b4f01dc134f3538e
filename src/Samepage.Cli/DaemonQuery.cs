using Samepage.Governing;
using Samepage.Server.Control;
using Samepage.Server.Loop;

namespace Samepage.Cli;

/// <summary>The daemon that drives ksmd here, for verbs that would otherwise get in its way. Each call asks anew, for two seconds at most.</summary>
internal static class DaemonQuery
{
    /// <summary>The mode of a governor that knows of nothing left to merge.</summary>
    private const string Converged = "converged";

    /// <summary>Why a host counts as converged beside a daemon.</summary>
    public const string NothingToMerge = "the daemon knows of nothing more to merge";

    /// <summary>This user's daemon, or else root's; null where none runs, or none that talks to this user.</summary>
    /// <param name="isSilent">One may run that does not talk to this user.</param>
    public static DaemonStatus? Find(out bool isSilent)
    {
        var daemon = ControlQuery.TryStatus(ControlSocket.DefaultPath, out isSilent);
        return daemon is null && !isSilent && ControlSocket.DefaultPath != ControlSocket.SystemPath
            ? ControlQuery.TryStatus(ControlSocket.SystemPath, out isSilent)
            : daemon;
    }

    /// <summary>Who decides whether ksmd scans, in words; null where nobody does.</summary>
    public static string? FindDriver() => Find(out var isSilent) switch
    {
        { DryRun: false } daemon => FormattableString.Invariant($"the daemon (process {daemon.Pid})"),
        null when isSilent => "a daemon that does not talk to this user",
        _ => null,
    };

    /// <summary>Whether it drives ksmd and knows of nothing left to merge.</summary>
    public static bool IsIdle(DaemonStatus daemon) => daemon is { DryRun: false, Governor.Mode: Converged };

    /// <summary>
    /// What ksmd's counters say, and where they say nothing, what its daemon knows: it lets ksmd stand still once nothing
    /// is left to merge, and passes that would prove it never come.
    /// </summary>
    public static ConvergenceVerdict Beside(DaemonStatus? daemon, ConvergenceVerdict verdict, bool hasUnscanned) =>
        daemon is not null && IsIdle(daemon) && verdict.State == Convergence.Unknown && !hasUnscanned
            ? verdict with { State = Convergence.Converged, Reason = NothingToMerge }
            : verdict;
}
