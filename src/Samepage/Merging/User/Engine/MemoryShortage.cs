using Samepage.Guarding;
using Samepage.Linux.Proc;

namespace Samepage.Merging.User.Engine;

/// <summary>When merging should hurry: memory is about to run out, swap not counted.</summary>
internal static class MemoryShortage
{
    /// <summary>Short is less than a quarter, of the host's memory or of the limit that leaves least.</summary>
    private const int Share = 4;

    /// <summary>Whether it is short for this process. Reads a few small files.</summary>
    /// <exception cref="Linux.LinuxException">The host's figures cannot be read.</exception>
    public static bool IsNear(ProcFs proc)
    {
        var memory = MemInfo.Read(proc);
        var group = ControlGroupHeadroom.Of(proc, Environment.ProcessId, swapFreeBytes: 0);
        return memory.AvailableBytes < memory.TotalBytes / Share || group?.Bytes < group?.LimitBytes / Share;
    }
}
