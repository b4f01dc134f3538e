using Samepage.Linux.Proc;

namespace Samepage.Estimating;

/// <summary>Tells mappings whose anonymous pages the kernel would merge from those it never does, and why.</summary>
internal static class RegionClassifier
{
    /// <summary>Why no page of a mapping can be merged, or null where its anonymous pages can (mm/ksm.c: vma_ksm_compatible).</summary>
    public static UnmergeableReason? Refusal(MemoryRegion region) => region switch
    {
        _ when region.Has("ht") => UnmergeableReason.HugeTlb,
        _ when region.Has("io") || region.Has("pf") || region.Has("mm") || region.Has("de") => UnmergeableReason.Special,
        { Path: "[vdso]" or "[vvar]" or "[vvar_vclock]" or "[vsyscall]" } => UnmergeableReason.Special,
        { IsShared: true } => IsMemoryFile(region) ? UnmergeableReason.SharedMemory : UnmergeableReason.FileBacked,
        _ when region.Has("dp") => UnmergeableReason.Droppable,
        _ => null,
    };

    /// <summary>What the pages of a private mapping are that were never written: the file's own.</summary>
    public static UnmergeableReason BackingOf(MemoryRegion region) =>
        IsMemoryFile(region) ? UnmergeableReason.SharedMemory : UnmergeableReason.FileBacked;

    /// <summary>Files that are nothing but memory: memfd, System V segments, /dev/shm, shared anonymous mappings.</summary>
    private static bool IsMemoryFile(MemoryRegion region) =>
        region.Path.StartsWith("/memfd:", StringComparison.Ordinal)
        || region.Path.StartsWith("/SYSV", StringComparison.Ordinal)
        || region.Path.StartsWith("/dev/shm/", StringComparison.Ordinal)
        || region.Path.StartsWith("/dev/zero", StringComparison.Ordinal)
        || region.Path.StartsWith("[anon_shmem:", StringComparison.Ordinal);
}
