namespace Samepage.Linux.Proc;

/// <summary>What Samepage takes from <c>/proc/meminfo</c>, in bytes.</summary>
/// <param name="TotalBytes">Memory of the host.</param>
/// <param name="FreeBytes">Memory that holds nothing.</param>
/// <param name="AvailableBytes">What new programs could have without swapping, by the kernel's estimate.</param>
/// <param name="SwapTotalBytes">Swap that is switched on.</param>
/// <param name="SwapFreeBytes">Swap that is not in use.</param>
public sealed record MemInfo(long TotalBytes, long FreeBytes, long AvailableBytes, long SwapTotalBytes, long SwapFreeBytes)
{
    /// <summary>Reads the file's text.</summary>
    public static MemInfo Parse(string text)
    {
        var keyed = KeyedText.Parse(text);
        return new MemInfo(
            keyed.Bytes("MemTotal") ?? 0,
            keyed.Bytes("MemFree") ?? 0,
            keyed.Bytes("MemAvailable") ?? 0,
            keyed.Bytes("SwapTotal") ?? 0,
            keyed.Bytes("SwapFree") ?? 0);
    }

    /// <summary>Reads the host's file.</summary>
    /// <exception cref="LinuxException">The file cannot be read.</exception>
    public static MemInfo Read(ProcFs proc) => Parse(KernelFile.ReadText($"{proc.Root}/meminfo"));
}
