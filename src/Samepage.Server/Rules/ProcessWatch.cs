using System.Globalization;
using Samepage.Linux;
using Samepage.Linux.Proc;
using Samepage.Policies;
using Samepage.Targets;

namespace Samepage.Server.Rules;

/// <summary>
/// Knows which process falls under which rule. Cheap where nothing changes: whoever is young is asked at every look, for
/// programs change their name when they start, the others at every sixteenth. What a look costs and keeps is bounded,
/// however many processes come and go. Not thread-safe.
/// </summary>
/// <param name="proc">The process file system.</param>
/// <param name="users">Who are users of this machine.</param>
internal sealed class ProcessWatch(ProcFs proc, UserNames users)
{
    /// <summary>More than these are not asked in one look; the rest is asked at the next.</summary>
    public const int AskedMax = 512;

    private const int YoungLooks = 5;
    private const int SeldomEvery = 16;
    private readonly Dictionary<int, WatchedProcess> _known = [];
    private PolicyMatcher? _matcher;
    private int _look;

    /// <summary>All that are known.</summary>
    public IReadOnlyCollection<WatchedProcess> All => _known.Values;

    /// <summary>The one of this number.</summary>
    public WatchedProcess? Find(int pid) => _known.GetValueOrDefault(pid);

    /// <summary>Other rules hold from now on.</summary>
    public void Follow(Policy policy)
    {
        _matcher = policy.Rules.Count == 0 ? null : new PolicyMatcher(policy, users);
        _known.Clear();
    }

    /// <summary>Looks at who is there.</summary>
    public void Look()
    {
        _look++;
        if (_matcher is null)
        {
            return;
        }

        var asked = 0;
        foreach (var pid in proc.ListProcesses())
        {
            if (_known.TryGetValue(pid, out var known))
            {
                known.SeenAt = _look;
            }

            if (asked < AskedMax && (known is null || _look - known.FirstLook < YoungLooks || (pid + _look) % SeldomEvery == 0))
            {
                asked++;
                Ask(pid, known, _matcher);
            }
        }

        foreach (var gone in _known.Where(pair => pair.Value.SeenAt != _look).Select(pair => pair.Key).ToList())
        {
            _known.Remove(gone);
        }
    }

    /// <summary>Seconds since the machine started, on the clock of process start times; null where that is not known.</summary>
    public double? Uptime() =>
        KernelFile.TryReadText($"{proc.Root}/uptime")?.Split(' ') is [var seconds, ..]
        && double.TryParse(seconds, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var uptime) ? uptime : null;

    private void Ask(int pid, WatchedProcess? known, PolicyMatcher matcher)
    {
        if (ProcessStat.TryRead(proc, pid) is not { IsKernelThread: false, Pid: > 1 } stat || stat.State is 'Z' or 'X' || pid == Environment.ProcessId)
        {
            // Kernel threads and the first process are never targets; it is enough to ask them once in a while.
            _ = known ?? (_known[pid] = new WatchedProcess(new TargetProcess(pid, 0, ""), _look - YoungLooks));
            return;
        }

        var process = new TargetProcess(pid, stat.StartTicks, stat.Name);
        if (known is null || known.Process.StartTicks != process.StartTicks)
        {
            known = _known[pid] = new WatchedProcess(process, _look);
        }

        known.Process = process;
        var facts = ProcessFacts.TryRead(proc, process);
        var rule = facts is null ? null : matcher.RuleOf(facts);
        known.Groups = rule is null ? [] : facts!.ControlGroups;
        if (rule != known.Rule)
        {
            (known.Rule, known.IsSettled, known.IsWaitTold, known.Refusals, known.RetryAt) = (rule, false, false, 0, TimeSpan.Zero);
        }
    }
}
