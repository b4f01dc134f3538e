using Samepage.Linux;
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
        var group = query.ControlGroup is { } path ? new ControlGroupMatcher(proc, path) : null;
        var chosen = new List<TargetProcess>();
        var unreadable = 0;
        foreach (var pid in candidates)
        {
            if (ProcessStat.TryRead(proc, pid) is not { } stat || Refusal(stat) is not null || !Matches(query, stat, tree, group))
            {
                continue;
            }

            // Who is named by number is named; a pattern means those that the caller may look at.
            if (named.Count == 0 && !KernelFile.CanRead(proc.PathOf(pid, "smaps")))
            {
                unreadable++;
                continue;
            }

            chosen.Add(new TargetProcess(pid, stat.StartTicks, stat.Name));
        }

        return chosen.Count > 0 ? chosen : throw NothingFound(unreadable);
    }

    private static TargetException NothingFound(int unreadable) => new(unreadable > 0
        ? $"{unreadable} processes match, but you may look at none of them; run as root"
        : "no process matches; see 'ps -e', or name one with --pid");

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

    private bool Matches(TargetQuery query, ProcessStat stat, HashSet<int>? tree, ControlGroupMatcher? group) =>
        (query.CommandName is null || query.CommandName.IsMatch(stat.Name))
        && (tree is null || tree.Contains(stat.Pid))
        && (query.UserId is null || ProcessStatus.TryRead(proc, stat.Pid)?.UserId == query.UserId)
        && (group is null || group.Holds(stat.Pid));

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
}
