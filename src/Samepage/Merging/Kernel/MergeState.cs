using Samepage.Linux.Proc;
using Samepage.Targets;

namespace Samepage.Merging.Kernel;

/// <summary>How a process stands with the kernel's merging right now.</summary>
/// <param name="IsOptedIn">As a whole; null where the kernel does not say.</param>
/// <param name="Pages">Pages that would need a frame of their own if they were written to: merged ones and zero pages.</param>
/// <param name="ZeroPages">The zero pages among them.</param>
internal sealed record MergeState(bool? IsOptedIn, long Pages, long ZeroPages)
{
    /// <summary>
    /// Reads it. The kernel's own count (ksm_merging_pages) goes down only when ksmd comes by, which it may never do
    /// again; what its page tables say (the sum "KSM" of smaps_rollup) is true at once, but takes a walk through them.
    /// </summary>
    public static MergeState? TryRead(ProcFs proc, TargetProcess target)
    {
        if (Reader(proc, target) is not var (thread, text))
        {
            return null;
        }

        var stat = KsmStat.Parse(text);
        var merged = stat.MergingPages == 0 ? 0
            : KeyedText.Parse(proc.TryRead(thread, "smaps_rollup") ?? "").Bytes("KSM") / Environment.SystemPageSize ?? stat.MergingPages;
        return new MergeState(stat.MergeAny, merged + stat.ZeroPages, stat.ZeroPages);
    }

    /// <summary>A process whose first thread has ended shows its memory through the others only.</summary>
    private static (int Thread, string Text)? Reader(ProcFs proc, TargetProcess target)
    {
        if (proc.TryRead(target.Pid, "ksm_stat") is { Length: > 0 } text)
        {
            return (target.Pid, text);
        }

        foreach (var thread in TargetThread.Living(proc, target.Pid))
        {
            if (proc.TryRead(thread.ThreadId, "ksm_stat") is { Length: > 0 } part)
            {
                return (thread.ThreadId, part);
            }
        }

        return null;
    }
}
