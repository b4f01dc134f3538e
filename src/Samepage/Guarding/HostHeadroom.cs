using Samepage.Linux.Proc;
using Samepage.Linux.Swapping;

namespace Samepage.Guarding;

/// <summary>What a host could supply of memory now.</summary>
/// <param name="AvailableBytes">Memory that programs could have without swapping, by the kernel's estimate.</param>
/// <param name="SwapFreeBytes">Swap that is not in use; of zram, what it would win: see <see cref="ZramPart"/>.</param>
public sealed record HostHeadroom(long AvailableBytes, long SwapFreeBytes)
{
    /// <summary>Left untouched, for everybody else who asks for memory in the same moment.</summary>
    public const long ReserveBytes = 64L << 20;

    /// <summary>
    /// What goes to zram takes memory there: at the two to one that is commonly reckoned with, half of it is won. What does
    /// not compress wins nothing; who must be sure of more takes a file.
    /// </summary>
    public const double ZramPart = 0.5;

    /// <summary>Both, less the reserve; negative where not even that is there.</summary>
    public long Bytes => AvailableBytes + SwapFreeBytes - ReserveBytes;

    /// <summary>Looks at the host.</summary>
    /// <exception cref="Linux.LinuxException">The host's figures cannot be read.</exception>
    public static HostHeadroom Read(ProcFs proc)
    {
        var memory = MemInfo.Read(proc);
        var inZram = SwapArea.ReadAll(proc).Where(area => area.IsZram).Sum(area => Math.Max(0, area.TotalBytes - area.UsedBytes));
        return new HostHeadroom(memory.AvailableBytes, Math.Max(0, memory.SwapFreeBytes - (long)((1 - ZramPart) * inZram)));
    }
}
