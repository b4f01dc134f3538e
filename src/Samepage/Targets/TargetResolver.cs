using Samepage.Linux.Proc;

namespace Samepage.Targets;

/// <summary>
/// Turns a query into processes. Pid 1, kernel threads, zombies and the asking process itself are never chosen by a
/// pattern; naming one of them by number is refused with the reason.
/// </summary>
/// <param name="proc">The process file system to look in.</param>
public sealed class TargetResolver(ProcFs proc)
{
    /// <summary>The processes that the query means, in ascending order of their numbers.</summary>
    /// <exception cref="TargetException">A named process does not exist or can never be a target, or nothing matched.</exception>
    public IReadOnlyList<TargetProcess> Resolve(TargetQuery query)
    {
        var named = query.Pids.ToHashSet();
        if (query.TreeRoot is { } root)
        {
            Require(root);
        }

        foreach (var pid in named)
        {
            Require(pid);
        }

        var candidates = named.Count > 0 ? [.. named.Order()] : proc.ListProcesses();
        var tree = query.TreeRoot is { } top ? Descendants(top) : null;
        var chosen = new List<TargetProcess>();
        foreach (var pid in candidates)
        {
            if (ProcessStat.TryRead(proc, pid) is { } stat && Refusal(stat) is null && Matches(query, stat, tree))
            {
                chosen.Add(new TargetProcess(pid, stat.StartTicks, stat.Name));
            }
        }

        return chosen.Count > 0
            ? chosen
            : throw new TargetException("no process matches; see 'ps -e', or name one with --pid");
    }

    private string? Refusal(ProcessStat stat) => stat switch
    {
        { Pid: 1 } => "is the init process, which is never a target",
        { IsKernelThread: true } => "is a kernel thread and has no memory of its own",
        _ when stat.HasEnded(proc) => "has ended (zombie)",
        _ when stat.Pid == Environment.ProcessId => "is this command itself",
        _ => null,
    };

    private void Require(int pid)
    {
        var stat = ProcessStat.TryRead(proc, pid) ?? throw new TargetException($"process {pid} does not exist");
        if (Refusal(stat) is { } reason)
        {
            throw new TargetException($"process {pid} ({stat.Name}) {reason}");
        }
    }

    private bool Matches(TargetQuery query, ProcessStat stat, HashSet<int>? tree) =>
        (query.CommandName is null || query.CommandName.IsMatch(stat.Name))
        && (tree is null || tree.Contains(stat.Pid))
        && (query.UserId is null || ProcessStatus.TryRead(proc, stat.Pid)?.UserId == query.UserId)
        && (query.ControlGroup is null || IsInControlGroup(stat.Pid, query.ControlGroup));

    private HashSet<int> Descendants(int root)
    {
        var children = new Dictionary<int, List<int>>();
        foreach (var pid in proc.ListProcesses())
        {
            if (ProcessStat.TryRead(proc, pid) is { } stat)
            {
                (children.TryGetValue(stat.ParentPid, out var list) ? list : children[stat.ParentPid] = []).Add(pid);
            }
        }

        var found = new HashSet<int> { root };
        var open = new Queue<int>(found);
        while (open.TryDequeue(out var pid))
        {
            foreach (var child in children.GetValueOrDefault(pid, []))
            {
                if (found.Add(child))
                {
                    open.Enqueue(child);
                }
            }
        }

        return found;
    }

    /// <summary>Lines of /proc/PID/cgroup are "hierarchy:controllers:path"; any hierarchy may hold the group.</summary>
    private bool IsInControlGroup(int pid, string group)
    {
        var wanted = group.TrimEnd('/');
        foreach (var line in (proc.TryRead(pid, "cgroup") ?? "").Split('\n'))
        {
            var path = line.Split(':', 3) is [_, _, var text] ? text : "";
            if (path.Length > 0
                && (wanted.EndsWith(path, StringComparison.Ordinal) && path != "/"
                    || path == wanted
                    || path.StartsWith(wanted + "/", StringComparison.Ordinal)
                    || IsBelow(wanted, path)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a path under a hierarchy lies below a group given as a full /sys/fs/cgroup path.</summary>
    private static bool IsBelow(string wanted, string path)
    {
        for (var end = path.LastIndexOf('/'); end > 0; end = path.LastIndexOf('/', end - 1))
        {
            if (wanted.StartsWith("/sys/fs/cgroup", StringComparison.Ordinal)
                && wanted.EndsWith(path[..end], StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }
}
