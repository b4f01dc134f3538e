using System.Globalization;
using Samepage.Linux;
using Samepage.Targets;

namespace Samepage.Guarding;

/// <summary>A control group by which memory is limited.</summary>
/// <param name="Mount">Where its hierarchy is mounted.</param>
/// <param name="Path">Its path below the mount, with a slash in front.</param>
/// <param name="IsUnified">Whether the hierarchy is of version 2.</param>
public sealed record ControlGroup(string Mount, string Path, bool IsUnified)
{
    /// <summary>Its directory.</summary>
    public string Directory => Mount + Path;

    /// <summary>Finds a group, given as a directory or as /proc/PID/cgroup has it.</summary>
    /// <param name="text">What was given.</param>
    /// <param name="root">Where the hierarchies are mounted.</param>
    /// <exception cref="TargetException">There is none, or it is the root of a hierarchy.</exception>
    public static ControlGroup Find(string text, string root = "/sys/fs/cgroup")
    {
        var wanted = text.TrimEnd('/');
        foreach (var (mount, isUnified) in Mounts(root))
        {
            var path = wanted == mount || wanted.StartsWith(mount + "/", StringComparison.Ordinal) ? wanted[mount.Length..] : wanted;
            if (path.Length == 0)
            {
                throw new TargetException($"control group {text} is the root, which is the host itself; leave it out if the host is meant");
            }

            if (path[0] == '/' && !path.Split('/').Contains("..") && System.IO.Directory.Exists(mount + path))
            {
                return new ControlGroup(mount, path, isUnified);
            }
        }

        throw new TargetException($"control group {text} does not exist, or memory is not limited by it; see 'cat /proc/PID/cgroup'");
    }

    /// <summary>The processes in it and below it.</summary>
    public IReadOnlyCollection<int> Processes()
    {
        var pids = new HashSet<int>();
        foreach (var directory in Below(Directory).Append(Directory))
        {
            foreach (var line in (KernelFile.TryReadText($"{directory}/cgroup.procs") ?? "").Split('\n'))
            {
                // A process of another pid namespace shows as 0.
                if (int.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out var pid) && pid > 0)
                {
                    pids.Add(pid);
                }
            }
        }

        return pids;
    }

    /// <summary>Both hierarchies. Where both are there, memory is limited by version 1, or that one would not exist: so it comes first.</summary>
    internal static IEnumerable<(string Mount, bool IsUnified)> Mounts(string root) => [($"{root}/memory", false), (UnifiedMount(root), true)];

    /// <summary>The directories of all groups below one.</summary>
    internal static IEnumerable<string> Below(string directory) => System.IO.Directory.EnumerateDirectories(directory, "*", s_below);

    /// <summary>Where version 2 is mounted: at the root itself, or beside version 1.</summary>
    internal static string UnifiedMount(string root) => File.Exists($"{root}/cgroup.controllers") ? root : $"{root}/unified";

    private static readonly EnumerationOptions s_below = new() { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = 0 };
}
