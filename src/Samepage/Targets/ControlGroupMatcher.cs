using Samepage.Linux;
using Samepage.Linux.Proc;

namespace Samepage.Targets;

/// <summary>
/// Tells whether a process is in a control group or below it. The group is given as a directory under one of the mounted
/// hierarchies, or as /proc/PID/cgroup has it; either way whole names must agree, so that no group of a like name is met.
/// </summary>
internal sealed class ControlGroupMatcher
{
    private readonly ProcFs _proc;
    private readonly string _wanted;
    private readonly List<(string MountPoint, HashSet<string> Options)> _hierarchies;

    /// <summary>Prepares for one group.</summary>
    /// <exception cref="TargetException">The directory given does not exist, or is the root of a hierarchy.</exception>
    public ControlGroupMatcher(ProcFs proc, string group)
    {
        _proc = proc;
        _wanted = group.TrimEnd('/');
        _hierarchies = Mounted(proc);
        if (_wanted.Length == 0 || _hierarchies.Exists(hierarchy => hierarchy.MountPoint == _wanted))
        {
            throw new TargetException($"control group {group} is the root, which holds everybody; use --all if that is meant");
        }

        if (_hierarchies.Exists(hierarchy => IsAtOrBelow(_wanted, hierarchy.MountPoint)) && !Directory.Exists(_wanted))
        {
            throw new TargetException($"control group {group} does not exist; see 'cat /proc/PID/cgroup'");
        }
    }

    /// <summary>Whether a process belongs to it. Lines of /proc/PID/cgroup are "hierarchy:controllers:path".</summary>
    public bool Holds(int pid)
    {
        foreach (var line in (_proc.TryRead(pid, "cgroup") ?? "").Split('\n'))
        {
            if (line.Split(':', 3) is [_, var controllers, var path]
                && (IsAtOrBelow(path, _wanted) || IsAtOrBelow(MountOf(controllers) + path, _wanted)))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsAtOrBelow(string path, string group) =>
        path == group || path.StartsWith(group + "/", StringComparison.Ordinal);

    /// <summary>Where the hierarchy of some controllers is mounted; without controllers it is the unified one.</summary>
    private string MountOf(string controllers)
    {
        var names = controllers.Split(',');
        return _hierarchies.Find(hierarchy => controllers.Length == 0
            ? hierarchy.Options.Contains("cgroup2")
            : names.All(hierarchy.Options.Contains)).MountPoint ?? "";
    }

    private static List<(string MountPoint, HashSet<string> Options)> Mounted(ProcFs proc)
    {
        var mounted = new List<(string, HashSet<string>)>();
        foreach (var line in (KernelFile.TryReadText($"{proc.Root}/mounts") ?? "").Split('\n'))
        {
            if (line.Split(' ') is [_, var mountPoint, "cgroup" or "cgroup2", var options, ..])
            {
                var isUnified = line.Split(' ')[2] == "cgroup2";
                mounted.Add((mountPoint, isUnified ? ["cgroup2"] : [.. options.Split(',')]));
            }
        }

        return mounted;
    }
}
