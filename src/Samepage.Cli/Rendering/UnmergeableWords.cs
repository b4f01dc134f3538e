using Samepage.Estimating;

namespace Samepage.Cli.Rendering;

/// <summary>Why memory cannot be merged, and what to do: the kernel itself says nothing and merges nothing.</summary>
internal static class UnmergeableWords
{
    /// <summary>The reason in two or three words.</summary>
    public static string Label(UnmergeableReason reason) => reason switch
    {
        UnmergeableReason.FileBacked => "file pages",
        UnmergeableReason.SharedMemory => "shared memory",
        UnmergeableReason.HugeTlb => "hugetlb pages",
        UnmergeableReason.Special => "special mappings",
        UnmergeableReason.Droppable => "droppable memory",
        _ => reason.ToString(),
    };

    /// <summary>What it means and how to mend it.</summary>
    public static string Explanation(UnmergeableReason reason) => reason switch
    {
        UnmergeableReason.FileBacked =>
            "Programs and libraries; the page cache holds one copy for all. Nothing to mend.",
        UnmergeableReason.SharedMemory =>
            "memfd, tmpfs or MAP_SHARED. KSM skips it without an error: a guest whose RAM is shared (share=on, "
            + "memory-backend-memfd, vhost-user, virtiofs) saves nothing. Give it private RAM (memory-backend-ram, share=off).",
        UnmergeableReason.HugeTlb =>
            "Reserved huge pages are never merged. Back the guest with plain memory and transparent huge pages instead.",
        UnmergeableReason.Special =>
            "Devices, vdso and the like. Nothing to mend.",
        UnmergeableReason.Droppable =>
            "The program lets the kernel drop it under pressure. Nothing to mend.",
        _ => "",
    };

    /// <summary>Whether the reason is one that an operator can do something about.</summary>
    public static bool IsMendable(UnmergeableReason reason) =>
        reason is UnmergeableReason.SharedMemory or UnmergeableReason.HugeTlb;

    /// <summary>The process that holds most of it, or null where nobody holds any.</summary>
    public static TargetEstimate? Holder(Estimate estimate, UnmergeableReason reason) =>
        estimate.Targets
            .Select(target => (target, bytes: target.NotMergeable.Where(memory => memory.Reason == reason).Sum(memory => memory.ResidentBytes)))
            .Where(pair => pair.bytes > 0)
            .OrderByDescending(pair => pair.bytes)
            .Select(pair => pair.target)
            .FirstOrDefault();
}
