using System.Runtime.InteropServices;

namespace Samepage.Merging.User.Protocol;

/// <summary>
/// <c>struct samepage_statistics</c> of samepage.h, field by field. Totals only grow; the others are as of the last
/// look. Written by the engine's thread only.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct MemberCounters
{
    public uint Size;
    public uint State;
    public ulong AdvisedBytes;
    public ulong MergedPages;
    public ulong BrokenPages;
    public ulong ZeroPagesTotal;
    public ulong ScannedPagesTotal;
    public ulong MergedPagesTotal;
    public ulong PromotedPagesTotal;
    public ulong DifferedPagesTotal;
    public ulong PinnedPagesTotal;
    public ulong CowBreaksTotal;
    public ulong ReturnedPagesTotal;
    public ulong Segments;
    public ulong Mappings;
    public ulong WindowsTotal;
    public ulong WindowNanosecondsMax;
    public ulong WindowNanosecondsTotal;
    public ulong CpuNanosecondsTotal;
    public ulong MetadataBytes;
    public ulong PassesTotal;
}
