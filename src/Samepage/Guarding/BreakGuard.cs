using System.Diagnostics;
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

    /// <summary>From this pressure on memory (PSI, percent of the last ten seconds) no further slice is broken.</summary>
    public const double PressureMax = 10;

    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(250);

    /// <summary>How long a slice waits for calm.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Waits while programs of the host wait for memory. Null once they do not, or where it was cancelled; else why it gave up, on one line.</summary>
    /// <param name="cancel">Ends the wait.</param>
    public string? WaitForCalm(CancellationToken cancel)
    {
        var begun = Stopwatch.GetTimestamp();
        while (PressureStall.TryRead($"{proc.Root}/pressure/memory") is { SomePercent: >= PressureMax and var percent } && !cancel.IsCancellationRequested)
        {
            if (Stopwatch.GetElapsedTime(begun) >= Patience)
            {
                return string.Create(CultureInfo.InvariantCulture, $"would add to a shortage: programs wait for memory {percent:0} % of the time, for {Patience.TotalSeconds:0} s by now");
            }

            cancel.WaitHandle.WaitOne(s_pause);
        }

        return null;
    }

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
