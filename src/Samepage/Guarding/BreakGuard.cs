using System.Globalization;
using Samepage.Linux.Proc;

namespace Samepage.Guarding;

/// <summary>
/// Says whether merged pages may be broken apart now. Each broken page needs a frame of its own; where the host or the
/// process's control group cannot supply them, the OOM killer would.
/// </summary>
/// <param name="proc">Where the host and its processes are looked up.</param>
/// <param name="controlGroupRoot">Where the control group hierarchies are mounted.</param>
public sealed class BreakGuard(ProcFs proc, string controlGroupRoot = "/sys/fs/cgroup")
{
    /// <summary>Left untouched, for everybody else who asks for memory in the same moment.</summary>
    public const long ReserveBytes = HostHeadroom.ReserveBytes;

    /// <summary>Why breaking pages of a process would not be safe, as arithmetic on one line; null where it would be.</summary>
    /// <param name="pid">The process, or null to look at the host alone.</param>
    /// <param name="neededBytes">How much would be needed.</param>
    public string? Refusal(int? pid, long neededBytes)
    {
        var host = HostHeadroom.Read(proc);
        if (new Coverage(neededBytes, host.Bytes).ShortfallBytes > 0)
        {
            return $"needs up to {Text(neededBytes)}, but the host could supply {Text(host.AvailableBytes)} of memory"
                + $" + {Text(host.SwapFreeBytes)} of swap - {Text(ReserveBytes)} reserve";
        }

        var group = pid is { } number ? ControlGroupHeadroom.Of(proc, number, host.SwapFreeBytes, controlGroupRoot) : null;
        return group is null || new Coverage(neededBytes, group.Bytes).ShortfallBytes == 0
            ? null
            : $"needs up to {Text(neededBytes)}, but control group {group.Group} could supply {Text(group.LimitBytes)} limit"
                + $" - {Text(group.UsedBytes)} used + {Text(group.ReclaimableBytes)} of file pages + {Text(group.SwapBytes)} of swap";
    }

    private static string Text(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:0.0} MiB");
}
