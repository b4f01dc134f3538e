using Samepage.Linux.Proc;

namespace Samepage.Guarding;

/// <summary>What a host could supply of memory now.</summary>
/// <param name="AvailableBytes">Memory that programs could have without swapping, by the kernel's estimate.</param>
/// <param name="SwapFreeBytes">Swap that is not in use.</param>
public sealed record HostHeadroom(long AvailableBytes, long SwapFreeBytes)
{
    /// <summary>Left untouched, for everybody else who asks for memory in the same moment.</summary>
    public const long ReserveBytes = 64L << 20;

    /// <summary>Both, less the reserve; negative where not even that is there.</summary>
    public long Bytes => AvailableBytes + SwapFreeBytes - ReserveBytes;

    /// <summary>Looks at the host.</summary>
    /// <exception cref="Linux.LinuxException">The host's figures cannot be read.</exception>
    public static HostHeadroom Read(ProcFs proc)
    {
        var memory = MemInfo.Read(proc);
        return new HostHeadroom(memory.AvailableBytes, memory.SwapFreeBytes);
    }
}
