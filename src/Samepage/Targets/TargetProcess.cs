using Samepage.Linux.Proc;

namespace Samepage.Targets;

/// <summary>A process chosen by a <see cref="TargetQuery"/>: number and start time together name it for ever.</summary>
/// <param name="Pid">Process number.</param>
/// <param name="StartTicks">When it started, in clock ticks since boot.</param>
/// <param name="Name">The command name.</param>
public sealed record TargetProcess(int Pid, long StartTicks, string Name)
{
    /// <summary>Whether the same process still lives, and not another one under its number.</summary>
    public bool IsAlive(ProcFs proc) =>
        ProcessStat.TryRead(proc, Pid) is { } stat && stat.StartTicks == StartTicks && stat.State is not ('Z' or 'X');
}
