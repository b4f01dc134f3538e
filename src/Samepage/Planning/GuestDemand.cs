namespace Samepage.Planning;

/// <summary>What one guest of a given size asks of a host.</summary>
/// <param name="SizeBytes">The memory it is given.</param>
/// <param name="ResidentBytes">Of that, what it occupies before merging.</param>
/// <param name="UniqueBytes">Of what it occupies, what it adds after merging beside others of its kind.</param>
/// <param name="CommonBytes">What all of its kind hold alike, once.</param>
/// <param name="OverheadBytes">What is needed besides: page tables, metadata of merging, and what was said of its monitor.</param>
public sealed record GuestDemand(long SizeBytes, long ResidentBytes, long UniqueBytes, long CommonBytes, long OverheadBytes)
{
    /// <summary>
    /// Eight bytes for each page of 4096, in the page table of the process and in that of the virtual machine.
    /// </summary>
    private const long PageTableShare = 4096 / (2 * 8);

    /// <summary>The kernel's merging keeps 64 bytes for each page that it scans, and as much for each stable one.</summary>
    private const long MetadataShare = 4096 / 64;

    /// <summary>Its memory, all of it, and what is needed besides.</summary>
    public long NeededBytes => SizeBytes + OverheadBytes;

    /// <summary>What merging is expected to free of it beside others of its kind. As much is needed again where it breaks.</summary>
    public long MergedBytes => ResidentBytes - UniqueBytes;

    /// <summary>
    /// A guest of a profile. Of a guest that is larger than those looked at, what they do not cover is not touched yet;
    /// one that is smaller holds the same in proportion.
    /// </summary>
    /// <param name="sizeBytes">The memory it is given.</param>
    /// <param name="profile">What its kind holds.</param>
    /// <param name="monitorBytes">What its process needs besides.</param>
    public static GuestDemand Of(long sizeBytes, SharingProfile profile, long monitorBytes)
    {
        var sampled = profile.ResidentBytes ?? sizeBytes;
        var resident = Math.Min(sizeBytes, sampled);
        var unique = Scale(profile.UniqueBytes ?? sampled, resident, sampled);
        var common = Math.Min(resident - unique, Scale(profile.CommonBytes, resident, sampled));
        var stable = resident - unique > 0 ? resident / MetadataShare : 0;
        return new GuestDemand(
            sizeBytes, resident, unique, common, monitorBytes + (sizeBytes / PageTableShare) + (resident / MetadataShare) + stable);
    }

    private static long Scale(long part, long whole, long sampled) =>
        sampled == 0 ? 0 : Math.Min(whole, (long)(((Int128)part * whole + sampled - 1) / sampled));
}
