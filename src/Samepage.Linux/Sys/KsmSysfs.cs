using System.Globalization;

namespace Samepage.Linux.Sys;

/// <summary>
/// The knobs and counters of the kernel's merging under <c>/sys/kernel/mm/ksm</c>. Thread-safe: it keeps nothing.
/// Traps: <c>pages_to_scan</c> answers EINVAL while the advisor is on; <c>merge_across_nodes</c> and
/// <c>max_page_sharing</c> answer EBUSY while pages are shared; <c>run=2</c> unmerges everything at once.
/// </summary>
/// <param name="root">The directory; tests replace it.</param>
public sealed class KsmSysfs(string root = KsmSysfs.DefaultRoot)
{
    /// <summary>Where the kernel shows it.</summary>
    public const string DefaultRoot = "/sys/kernel/mm/ksm";

    /// <summary>The directory.</summary>
    public string Root { get; } = root;

    /// <summary>Whether the kernel was built with merging.</summary>
    public bool Exists => Directory.Exists(Root);

    /// <summary>Whether ksmd scans (<c>run</c> is 1).</summary>
    public bool IsRunning => Number("run") == 1;

    /// <summary>Stable pages in memory.</summary>
    public long PagesShared => Number("pages_shared") ?? 0;

    /// <summary>Virtual pages saved by stable pages: each one more would be a frame.</summary>
    public long PagesSharing => Number("pages_sharing") ?? 0;

    /// <summary>Pages of zeros merged into the kernel's zero page.</summary>
    public long ZeroPages => Number("ksm_zero_pages") ?? 0;

    /// <summary>Whether the kernel counts those, and can give them back (6.6).</summary>
    public bool CountsZeroPages => Number("ksm_zero_pages") is not null;

    /// <summary>Frames saved: sharing plus zero pages.</summary>
    public long SavedPages => PagesSharing + ZeroPages;

    /// <summary>Pages looked at that were unique when last seen.</summary>
    public long PagesUnshared => Number("pages_unshared") ?? 0;

    /// <summary>Pages that changed too fast to be placed.</summary>
    public long PagesVolatile => Number("pages_volatile") ?? 0;

    /// <summary>
    /// Pages that ksmd keeps metadata for, 64 bytes each: the kernel gives no such count, but its four counters add up
    /// to it (checked against <c>general_profit</c>).
    /// </summary>
    public long RmapItems => PagesShared + PagesSharing + PagesUnshared + PagesVolatile;

    /// <summary>Pages that smart scan passed over since boot, or null where the kernel has no smart scan (before 6.7).</summary>
    public long? PagesSkipped => Number("pages_skipped");

    /// <summary>Pages looked at since boot, or null where the kernel does not count them (before 6.6).</summary>
    public long? PagesScanned => Number("pages_scanned");

    /// <summary>Full passes over all mergeable memory since boot.</summary>
    public long FullScans => Number("full_scans") ?? 0;

    /// <summary>The kernel's own account: saved bytes less metadata; null before 6.4.</summary>
    public long? GeneralProfitBytes => Number("general_profit");

    /// <summary>Whether the scan-time advisor holds the knobs.</summary>
    public bool IsAdvisorOn =>
        KernelFile.TryReadText($"{Root}/advisor_mode")?.Contains("[scan-time]", StringComparison.Ordinal) ?? false;

    /// <summary>The number in one file, or null where it is missing or holds none.</summary>
    public long? Number(string file) =>
        long.TryParse(
            KernelFile.TryReadText($"{Root}/{file}").AsSpan().Trim(), NumberStyles.AllowLeadingSign,
            CultureInfo.InvariantCulture, out var number)
            ? number
            : null;

    /// <summary>Writes a number into one file.</summary>
    /// <exception cref="LinuxException">The kernel refused: see the traps above.</exception>
    public void Write(string file, long value) =>
        KernelFile.WriteText($"{Root}/{file}", value.ToString(CultureInfo.InvariantCulture));
}
