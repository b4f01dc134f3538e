namespace Samepage.Linux.Memory;

/// <summary>One entry of <c>/proc/PID/pagemap</c> (Documentation/admin-guide/mm/pagemap.rst).</summary>
/// <param name="Bits">The 64 bits as read.</param>
public readonly record struct PageMapEntry(ulong Bits)
{
    /// <summary>A frame stands behind the page.</summary>
    public bool IsPresent => Bits >> 63 != 0;

    /// <summary>The page is in swap.</summary>
    public bool IsSwapped => (Bits >> 62 & 1) != 0;

    /// <summary>
    /// Nothing is there but the kernel's note that the place is write-protected, which shows as swapped with the last
    /// type there is. False for readers without CAP_SYS_ADMIN, who cannot tell it from a page in swap.
    /// </summary>
    public bool IsMarker => IsSwapped && (Bits & 31) == 31;

    /// <summary>The page belongs to a file or to shared memory, not to this process alone.</summary>
    public bool IsFileOrShared => (Bits >> 61 & 1) != 0;

    /// <summary>No other page table maps the frame.</summary>
    public bool IsExclusive => (Bits >> 56 & 1) != 0;

    /// <summary>The frame's number; 0 for readers without CAP_SYS_ADMIN.</summary>
    public ulong FrameNumber => IsPresent ? Bits & ((1UL << 55) - 1) : 0;
}
