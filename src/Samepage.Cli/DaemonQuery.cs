using Samepage.Governing;
using Samepage.Server.Control;
using Samepage.Server.Loop;

namespace Samepage.Cli;

/// <summary>The daemon that drives ksmd here, for verbs that would otherwise get in its way. Each call asks anew, for two seconds at most a daemon.</summary>
internal static class DaemonQuery
{
    /// <summary>The modes of a governor that knows of nothing left to merge.</summary>
    private static readonly string[] s_idle = ["converged", "resting"];

    /// <summary>Why a host counts as converged beside a daemon.</summary>
    public const string NothingToMerge = "the daemon knows of nothing more to merge";

    /// <summary>This user's daemon, or else root's; null where none runs, or none that answers.</summary>
    /// <param name="isSilent">One may run that gives this user no answer.</param>
    public static DaemonStatus? Find(out bool isSilent) => Find(_ => true, out isSilent);

    /// <summary>The one of them that decides whether ksmd scans: no dry run does.</summary>
    /// <param name="isSilent">One may run that gives this user no answer.</param>
    public static DaemonStatus? FindDriver(out bool isSilent) => Find(daemon => !daemon.DryRun, out isSilent);

    /// <summary>Who decides whether ksmd scans, in words; null where nobody does.</summary>
    public static string? DriverInWords() => FindDriver(out var isSilent) switch
    {
        { } daemon => FormattableString.Invariant($"the daemon (process {daemon.Pid})"),
        null when isSilent => "a daemon that gives this user no answer",
        _ => null,
    };

    /// <summary>Why ksmd stands still where somebody drives it.</summary>
    public static string LeftTo(string driver) => $"ksmd stands still; {driver} has it scan when it is worth it";

    /// <summary>Whether it drives ksmd and knows of nothing left to merge.</summary>
    public static bool IsIdle(DaemonStatus daemon) => !daemon.DryRun && s_idle.Contains(daemon.Governor.Mode);

    /// <summary>
    /// What ksmd's counters say, or else what its daemon knows: it lets ksmd stand still once nothing is left to merge,
    /// passes that would prove it never come, and what little a patrol finds is no sign of more.
    /// </summary>
    public static ConvergenceVerdict Beside(DaemonStatus? daemon, ConvergenceVerdict verdict, bool hasUnscanned) =>
        daemon is not null && IsIdle(daemon) && verdict.State != Convergence.Converged && !hasUnscanned
            ? verdict with { State = Convergence.Converged, Reason = NothingToMerge }
            : verdict;

    private static DaemonStatus? Find(Predicate<DaemonStatus> isWanted, out bool isSilent)
    {
        isSilent = false;
        foreach (var path in (string?[])[.. new[] { ControlSocket.DefaultPath, ControlSocket.SystemPath }.Distinct()])
        {
            var daemon = ControlQuery.TryStatus(path, out var saysNothing);
            isSilent |= saysNothing;
            if (daemon is not null && isWanted(daemon))
            {
                isSilent = false;
                return daemon;
            }
        }

        return null;
    }
}
