using System.Globalization;
using Samepage.Linux;
using Samepage.Linux.Proc;

namespace Samepage.Guarding;

/// <summary>What a process's control groups leave it of memory: the tightest of its group and all groups above.</summary>
/// <param name="Group">The tightest group, as a path below the hierarchy.</param>
/// <param name="LimitBytes">Its limit.</param>
/// <param name="UsedBytes">What it uses.</param>
/// <param name="ReclaimableBytes">File pages among that, which the kernel drops first.</param>
/// <param name="SwapBytes">What it may still swap out.</param>
/// <param name="SwappedBytes">What of it is in swap.</param>
/// <param name="SwapAllowedBytes">What its limit and those above would still let it swap out, were there swap without end.</param>
public sealed record ControlGroupHeadroom(
    string Group, long LimitBytes, long UsedBytes, long ReclaimableBytes, long SwapBytes, long SwappedBytes = 0, long SwapAllowedBytes = long.MaxValue)
{
    /// <summary>Version 1 writes a number near 2^63 where there is no limit.</summary>
    private const long NoLimit = 1L << 60;

    /// <summary>What the group could supply.</summary>
    public long Bytes => Math.Max(0, LimitBytes - UsedBytes + ReclaimableBytes + SwapBytes);

    /// <summary>The same without swapping.</summary>
    public long MemoryBytes => Math.Max(0, LimitBytes - UsedBytes + ReclaimableBytes);

    /// <summary>Looks at all groups that have a limit, in both hierarchies.</summary>
    /// <param name="root">Where the hierarchies are mounted.</param>
    public static IReadOnlyList<ControlGroupHeadroom> OfAll(string root = "/sys/fs/cgroup")
    {
        var found = new List<ControlGroupHeadroom>();
        foreach (var (mount, isUnified) in ControlGroup.Mounts(root))
        {
            if (Directory.Exists(mount))
            {
                var groups = ControlGroup.Below(mount).Select(directory => directory[mount.Length..]);
                found.AddRange(groups.Select(path => Look(new ControlGroup(mount, path, isUnified), long.MaxValue)).OfType<ControlGroupHeadroom>());
            }
        }

        return found;
    }

    /// <summary>Looks at the groups of a process; null where none of them has a limit.</summary>
    /// <param name="proc">Where the process is.</param>
    /// <param name="pid">The process.</param>
    /// <param name="swapFreeBytes">Free swap of the host, beyond which no group can go.</param>
    /// <param name="root">Where the hierarchies are mounted.</param>
    public static ControlGroupHeadroom? Of(ProcFs proc, int pid, long swapFreeBytes, string root = "/sys/fs/cgroup")
    {
        ControlGroupHeadroom? tightest = null;
        foreach (var line in (proc.TryRead(pid, "cgroup") ?? "").Split('\n'))
        {
            if (line.Split(':', 3) is not [_, var controllers, var group])
            {
                continue;
            }

            var isUnified = controllers.Length == 0;
            if (!isUnified && !controllers.Split(',').Contains("memory"))
            {
                continue;
            }

            var mount = isUnified ? ControlGroup.UnifiedMount(root) : $"{root}/memory";
            foreach (var level in Levels(new ControlGroup(mount, group.TrimEnd('/'), isUnified), swapFreeBytes))
            {
                tightest = tightest is null || level.Bytes < tightest.Bytes ? level : tightest;
            }
        }

        return tightest;
    }

    /// <summary>Looks at a group and all groups above: each that has a limit, the lowest first.</summary>
    /// <param name="group">The group.</param>
    /// <param name="swapFreeBytes">Free swap of the host, beyond which no group can go.</param>
    public static IEnumerable<ControlGroupHeadroom> Levels(ControlGroup group, long swapFreeBytes) =>
        Upwards(group).Select(each => Look(each, swapFreeBytes)).OfType<ControlGroupHeadroom>();

    /// <summary>A group and all groups above but the root, the lowest first.</summary>
    private static IEnumerable<ControlGroup> Upwards(ControlGroup group)
    {
        for (var at = group.Path; at.Length > 0; at = at[..Math.Max(0, at.LastIndexOf('/'))])
        {
            yield return group with { Path = at };
        }
    }

    private static ControlGroupHeadroom? Look(ControlGroup group, long swapFreeBytes) =>
        group.IsUnified ? Version2(group, swapFreeBytes) : Version1(group.Directory, group.Path, swapFreeBytes);

    private static ControlGroupHeadroom? Version2(ControlGroup group, long swapFreeBytes)
    {
        var directory = group.Directory;
        if (Number($"{directory}/memory.max") is not { } limit || Number($"{directory}/memory.current") is not { } used)
        {
            return null;
        }

        var swapped = Number($"{directory}/memory.swap.current") ?? 0;
        var allowed = Upwards(group).Min(SwapAllowed);
        return new ControlGroupHeadroom(group.Path, limit, used, FilePages(Stat(directory), ""), Math.Min(allowed, swapFreeBytes), swapped, allowed);
    }

    /// <summary>What a group's own limit leaves it of swap.</summary>
    private static long SwapAllowed(ControlGroup group) =>
        Number($"{group.Directory}/memory.swap.max") is { } most ? Math.Max(0, most - (Number($"{group.Directory}/memory.swap.current") ?? 0)) : long.MaxValue;

    private static ControlGroupHeadroom? Version1(string directory, string group, long swapFreeBytes)
    {
        if (Number($"{directory}/memory.limit_in_bytes") is not { } limit || limit >= NoLimit
            || Number($"{directory}/memory.usage_in_bytes") is not { } used)
        {
            return null;
        }

        // memsw limits memory and swap together.
        var together = Number($"{directory}/memory.memsw.limit_in_bytes") - Number($"{directory}/memory.memsw.usage_in_bytes");
        var allowed = together is { } left ? Math.Max(0, left - Math.Max(0, limit - used)) : long.MaxValue;
        var stat = Stat(directory);
        return new ControlGroupHeadroom(group, limit, used, FilePages(stat, "total_"), Math.Min(allowed, swapFreeBytes), stat.Number("total_swap") ?? 0, allowed);
    }

    private static KeyedText Stat(string directory) => KeyedText.Parse(KernelFile.TryReadText($"{directory}/memory.stat") ?? "");

    private static long FilePages(KeyedText stat, string prefix) =>
        (stat.Number($"{prefix}inactive_file") ?? 0) + (stat.Number($"{prefix}active_file") ?? 0);

    private static long? Number(string path) =>
        long.TryParse(KernelFile.TryReadText(path).AsSpan().Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
}
