using Samepage.Merging.User.Engine;

namespace Samepage;

/// <summary>How eagerly a member merges.</summary>
public enum MergePace
{
    /// <summary>Within the CPU limit, quiet memory first.</summary>
    Normal = 0,

    /// <summary>Without pause; for tests and short jobs.</summary>
    Eager = 1,
}

/// <summary>What the engine of this process may use. A limit of 0 is as by default.</summary>
/// <param name="Pace">How eagerly to merge.</param>
/// <param name="CpuPercentMax">Of one core, in pieces of a few milliseconds, at most 100; default 1, or 3 where the processors are idle, or 10 where memory is short.</param>
/// <param name="WindowPagesMax">Pages held back at once, 16 to 512; default 512, or 64 where the program may not run at real-time priority.</param>
/// <param name="MappingsMax">Mappings the engine may add; default half of <c>vm.max_map_count</c>.</param>
public sealed record MergeLimits(
    MergePace Pace = MergePace.Normal, int CpuPercentMax = 0, int WindowPagesMax = 0, long MappingsMax = 0)
{
    internal unsafe GateLimits Native => new()
    {
        Size = (uint)sizeof(GateLimits),
        Pace = (uint)Pace,
        CpuPercentMax = checked((uint)CpuPercentMax),
        WindowPagesMax = checked((uint)WindowPagesMax),
        MappingsMax = checked((ulong)MappingsMax),
    };
}
