using Samepage.Linux.Proc;

namespace Samepage.Targets;

/// <summary>A process chosen by a <see cref="TargetQuery"/>: number and start time together name it for ever.</summary>
/// <param name="Pid">Process number.</param>
/// <param name="StartTicks">When it started, in clock ticks since boot.</param>
/// <param name="Name">The command name.</param>
public sealed record TargetProcess(int Pid, long StartTicks, string Name)
{
    /// <summary>
    /// Whether the same process still lives, and not another one under its number. A process whose first thread has
    /// ended shows as a zombie and lives on in its other threads.
    /// </summary>
    public bool IsAlive(ProcFs proc) =>
        ProcessStat.TryRead(proc, Pid) is { } stat && stat.StartTicks == StartTicks && !stat.HasEnded(proc);

    /// <summary>Whether the number still means the same process, be it alive or a zombie.</summary>
    public bool IsSame(ProcFs proc) => ProcessStat.TryRead(proc, Pid)?.StartTicks == StartTicks;
}
