namespace Samepage.Linux.Proc;

/// <summary>What the kernel's merging did for one process: <c>/proc/PID/ksm_stat</c> (6.1 and later).</summary>
/// <param name="RmapItems">Pages that ksmd keeps metadata for (64 bytes each).</param>
/// <param name="ZeroPages">Pages of zeros that were merged into the kernel's zero page.</param>
/// <param name="MergingPages">Pages that sit on a shared stable page.</param>
/// <param name="ProcessProfitBytes">The kernel's own account: saved bytes less metadata; may be negative.</param>
/// <param name="MergeAny">The process is opted in as a whole (prctl); null where the kernel does not say.</param>
/// <param name="Mergeable">At least one mapping is mergeable; null where the kernel does not say.</param>
public sealed record KsmStat(
    long RmapItems, long ZeroPages, long MergingPages, long ProcessProfitBytes, bool? MergeAny, bool? Mergeable)
{
    /// <summary>Reads the file's text; lines that an older kernel lacks count as zero or unknown.</summary>
    public static KsmStat Parse(string text)
    {
        var keyed = KeyedText.Parse(text);
        return new KsmStat(
            keyed.Number("ksm_rmap_items") ?? 0,
            keyed.Number("ksm_zero_pages") ?? 0,
            keyed.Number("ksm_merging_pages") ?? 0,
            keyed.Number("ksm_process_profit") ?? 0,
            YesNo(keyed.Text("ksm_merge_any")),
            YesNo(keyed.Text("ksm_mergeable")));
    }

    /// <summary>Reads the file of a process, or null where it is gone, not readable, or the kernel has no such file.</summary>
    public static KsmStat? TryRead(ProcFs proc, int pid) =>
        proc.TryRead(pid, "ksm_stat") is { } text ? Parse(text) : null;

    private static bool? YesNo(string? text) => text switch
    {
        "yes" => true,
        "no" => false,
        _ => null,
    };
}
