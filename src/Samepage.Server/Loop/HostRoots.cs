using Samepage.Linux.Proc;
using Samepage.Linux.Sys;

namespace Samepage.Server.Loop;

/// <summary>Where the host is found: the real one, or one that a test made up.</summary>
/// <param name="Proc">Its processes.</param>
/// <param name="Ksm">The kernel's merging.</param>
/// <param name="GroupRoot">Where control groups are mounted.</param>
public sealed record HostRoots(ProcFs Proc, KsmSysfs Ksm, string GroupRoot)
{
    /// <summary>Where ksmd's thread is seen: in a pid namespace, the host's process file system, if that is mounted there.</summary>
    public ProcFs HostProc { get; init; } = Proc;

    /// <summary>This machine.</summary>
    public static HostRoots Live { get; } = new(new ProcFs(), new KsmSysfs(), "/sys/fs/cgroup");
}
