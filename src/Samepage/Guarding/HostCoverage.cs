using Samepage.Linux;
using Samepage.Linux.Proc;
using Samepage.Linux.Sys;
using Samepage.Merging.User.Keeping;

namespace Samepage.Guarding;

/// <summary>One look at a host's exposure and headroom.</summary>
/// <param name="Exposure">What all merged pages would need if they broke.</param>
/// <param name="Headroom">What there is.</param>
public sealed record HostCoverage(Exposure Exposure, HostHeadroom Headroom)
{
    /// <summary>The one against the other.</summary>
    public Coverage Coverage => new(Exposure.Bytes, Headroom.Bytes);

    /// <summary>Looks at the host.</summary>
    /// <param name="proc">Its processes and memory.</param>
    /// <param name="ksm">The kernel's merging; may be missing.</param>
    /// <param name="domains">What the domains' keepers reported.</param>
    /// <exception cref="LinuxException">The host's figures cannot be read.</exception>
    public static HostCoverage Read(ProcFs proc, KsmSysfs ksm, IEnumerable<DomainReport> domains) =>
        new(Exposure.OfHost(ksm, domains), HostHeadroom.Read(proc));

    /// <summary>The same, or null where the host's figures cannot be read.</summary>
    public static HostCoverage? TryRead(ProcFs proc, KsmSysfs ksm, IEnumerable<DomainReport> domains)
    {
        try
        {
            return Read(proc, ksm, domains);
        }
        catch (LinuxException)
        {
            return null;
        }
    }
}

/// <summary>One look at a control group's exposure and headroom.</summary>
/// <param name="Headroom">What its limit leaves it.</param>
/// <param name="Exposure">What the merged pages of its processes would need if they broke: an upper bound.</param>
/// <param name="UnreadableProcesses">Processes in it that may not be looked at, and are not part of the exposure.</param>
public sealed record ControlGroupCoverage(ControlGroupHeadroom Headroom, Exposure Exposure, int UnreadableProcesses)
{
    /// <summary>The one against the other.</summary>
    public Coverage Coverage => new(Exposure.Bytes, Headroom.Bytes);

    /// <summary>Looks at a group and all groups above: each that has a limit, the lowest first.</summary>
    public static IReadOnlyList<ControlGroupCoverage> ReadLevels(
        ProcFs proc, ControlGroup group, long swapFreeBytes, IReadOnlyList<DomainReport> domains) =>
        [.. ControlGroupHeadroom.Levels(group, swapFreeBytes).Select(level =>
        {
            var (exposure, unreadable) = Exposure.OfProcesses(proc, (group with { Path = level.Group }).Processes(), domains);
            return new ControlGroupCoverage(level, exposure, unreadable);
        })];
}
