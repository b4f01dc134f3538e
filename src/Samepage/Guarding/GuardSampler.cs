using Samepage.Linux;
using Samepage.Linux.Proc;
using Samepage.Linux.Sys;
using Samepage.Merging.User.Keeping;
using Samepage.Targets;

namespace Samepage.Guarding;

/// <summary>
/// Takes the guard's samples of a real host, or of one that was made up: the host at every look; control groups with a
/// limit at every look while one of them comes near its floors, else seldom. Changes nothing. Not thread-safe.
/// </summary>
/// <param name="proc">The process file system.</param>
/// <param name="ksm">The kernel's merging; may be missing.</param>
/// <param name="clock">Tells the time, without jumps.</param>
/// <param name="groupRoot">Where control groups are mounted.</param>
public sealed class GuardSampler(ProcFs proc, KsmSysfs ksm, TimeProvider clock, string groupRoot = "/sys/fs/cgroup")
{
    /// <summary>Groups beyond are not watched: each costs a look at its processes.</summary>
    public const int GroupsMax = 256;

    /// <summary>Merged processes may come up in new groups.</summary>
    private static readonly TimeSpan s_searchEvery = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan s_calmEvery = TimeSpan.FromSeconds(5);

    /// <summary>A group of less coverage, or more pressure, is looked at every time.</summary>
    private const double CalmCoverage = 2, CalmPressure = 4;

    private readonly long _start = clock.GetTimestamp();
    private IReadOnlyList<ControlGroup> _groups = [];
    private IReadOnlyList<GuardScope> _scopes = [];
    private TimeSpan? _searchedAt, _lookedAt;

    /// <summary>Takes a sample.</summary>
    /// <param name="domains">What the domains' keepers reported.</param>
    /// <param name="providedSwapBytes">Swap that Samepage has added.</param>
    /// <exception cref="LinuxException">The host's figures cannot be read.</exception>
    public GuardSample Take(IReadOnlyList<DomainReport> domains, long providedSwapBytes)
    {
        var now = clock.GetElapsedTime(_start);
        var host = HostCoverage.Read(proc, ksm, domains);
        var pressure = PressureStall.TryRead($"{proc.Root}/pressure/memory")?.SomePercent ?? 0;
        var scope = new GuardScope(
            "host", true, host.Exposure.Bytes, host.Headroom.AvailableBytes - HostHeadroom.ReserveBytes, host.Headroom.SwapFreeBytes, pressure);
        LookAtGroups(now, host, domains);
        return new GuardSample(now, [scope, .. _scopes], providedSwapBytes);
    }

    private void LookAtGroups(TimeSpan now, HostCoverage host, IReadOnlyList<DomainReport> domains)
    {
        if (_searchedAt is not { } searched || now - searched >= s_searchEvery)
        {
            _searchedAt = now;
            _groups = host.Exposure.Bytes == 0 ? [] : Search(domains);
        }

        var isCalm = _scopes.All(scope => scope is { Coverage: >= CalmCoverage, Pressure: < CalmPressure });
        if (_lookedAt is not { } looked || !isCalm || now - looked >= s_calmEvery)
        {
            _lookedAt = now;
            _scopes = [.. _groups.SelectMany(group => Scopes(group, host.Headroom.SwapFreeBytes, domains)).DistinctBy(scope => scope.Name).Take(GroupsMax)];
        }
    }

    /// <summary>The groups of processes that hold merged pages.</summary>
    private List<ControlGroup> Search(IReadOnlyList<DomainReport> domains)
    {
        var members = domains.SelectMany(domain => domain.Members).Select(member => member.Pid).ToHashSet();
        var paths = new HashSet<string>();
        foreach (var pid in proc.ListProcesses())
        {
            if (members.Contains(pid) || KsmStat.TryRead(proc, pid) is { MergingPages: > 0 } or { ZeroPages: > 0 })
            {
                paths.UnionWith((proc.TryRead(pid, "cgroup") ?? "").Split('\n')
                    .Select(line => line.Split(':', 3)).Where(IsOfMemory).Select(parts => parts[2]));
            }
        }

        return [.. paths.Select(TryFind).OfType<ControlGroup>().Take(GroupsMax)];
    }

    /// <summary>Version 2, or the hierarchy of version 1 that limits memory.</summary>
    private static bool IsOfMemory(string[] parts) =>
        parts.Length == 3 && parts[2] != "/" && (parts[1].Length == 0 || parts[1].Split(',').Contains("memory"));

    private ControlGroup? TryFind(string path)
    {
        try
        {
            return ControlGroup.Find(path, groupRoot);
        }
        catch (TargetException)
        {
            // It has gone meanwhile, or is not to be seen from here.
            return null;
        }
    }

    private List<GuardScope> Scopes(ControlGroup group, long swapFreeBytes, IReadOnlyList<DomainReport> domains)
    {
        try
        {
            return [.. ControlGroupCoverage.ReadLevels(proc, group, swapFreeBytes, domains).Select(level => Scope(group, level))];
        }
        catch (IOException)
        {
            // Its directory went away in the middle of the look.
            return [];
        }
    }

    private static GuardScope Scope(ControlGroup group, ControlGroupCoverage level)
    {
        var room = level.Headroom;
        var pressure = PressureStall.TryRead($"{group.Mount}{room.Group}/memory.pressure")?.SomePercent ?? 0;
        return new GuardScope(
            room.Group, false, level.Exposure.Bytes, room.MemoryBytes, room.SwapBytes, pressure, room.SwapAllowedBytes);
    }
}
