using System.Collections.Concurrent;
using Samepage.Governing;
using Samepage.Linux.Proc;
using Samepage.Policies;
using Samepage.Server.Loop;
using Samepage.Targets;

namespace Samepage.Server.Rules;

/// <summary>
/// Does to running processes what the policy's rules say, and nothing to those that no rule is about: opts them in once
/// they are old enough, opts out what it switched on where a rule says off or where it costs more than it saves. Called
/// from the daemon's loop only; the switching itself goes on elsewhere, because it can take a while.
/// </summary>
/// <param name="proc">The process file system.</param>
/// <param name="users">Who are users of this machine.</param>
/// <param name="switcher">Switches merging on and off; null: only says what it would do.</param>
/// <param name="ours">Whom Samepage switched on.</param>
/// <param name="log">Takes each decision.</param>
/// <param name="post">Runs work that may take a while.</param>
public sealed class RuleKeeper(
    ProcFs proc, UserNames users, IProcessSwitch? switcher, SwitchedOn ours, DecisionLog log, Action<Action> post)
{
    /// <summary>So many are switched at once, whatever comes.</summary>
    public const int BatchMax = 32;

    private const int RefusalsMax = 3;
    private static readonly TimeSpan s_retryAfter = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_profitEvery = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(10);

    private readonly ProcessWatch _watch = new(proc, users);
    private readonly ProfitWatch _profits = new(s_patience);
    private readonly ConcurrentQueue<(bool IsOn, bool IsDecline, IReadOnlyList<TargetProcess> Targets, IReadOnlyList<SwitchOutcome> Outcomes)> _done = [];
    private readonly List<WatchedProcess> _toDecline = [];
    private TimeSpan? _profitAt;
    private int _underWay;

    /// <summary>Processes that are switched on by Samepage.</summary>
    public int SwitchedOnCount => ours.Count;

    /// <summary>Processes that fall under a rule.</summary>
    public int MatchedCount => _watch.All.Count(process => process.Rule is not null);

    /// <summary>Processes of which cold pages may go first: of the whole host, or of a control group and those below it.</summary>
    /// <param name="group">The group's path; null: of the host.</param>
    public IReadOnlyList<TargetProcess> LowPriority(string? group) =>
        [.. _watch.All.Where(process => process.Rule is { Priority: RulePriority.Low } && (group is null || process.Groups.Any(path => IsBelow(path, group))))
            .Select(process => process.Process)];

    /// <summary>The rules of those that fall under one, by process number.</summary>
    public IReadOnlyDictionary<int, string> Names() =>
        _watch.All.Where(process => process.Rule is not null).ToDictionary(process => process.Process.Pid, process => process.Rule!.Name);

    /// <summary>Other rules hold from now on.</summary>
    public void Follow(Policy policy) => _watch.Follow(policy);

    /// <summary>Looks who is there, and begins what is due.</summary>
    /// <param name="now">The time, without jumps.</param>
    /// <param name="fullScans">Whole passes of ksmd.</param>
    /// <param name="isAtRest">Whether the governor has nothing left to do.</param>
    /// <param name="isHeld">Whether nothing more may be opted in on the host.</param>
    /// <param name="heldGroups">The control groups in which nothing more may be.</param>
    public void Look(TimeSpan now, long fullScans, bool isAtRest, bool isHeld, IReadOnlyCollection<string> heldGroups)
    {
        TakeIn(now);
        _watch.Look();
        var uptime = _watch.Uptime();
        var due = _watch.All.Where(process => IsDue(process, now, uptime)).ToList();
        SwitchOn([.. due.Where(process => process.Rule!.Engine == RuleEngine.Kernel && !IsHeld(process, isHeld, heldGroups))]);
        SwitchOff([.. due.Where(process => process.Rule!.Engine == RuleEngine.Off)], isDecline: false);
        WatchProfit(now, fullScans, isAtRest);
        if (_toDecline.Count > 0 && Volatile.Read(ref _underWay) == 0)
        {
            SwitchOff([.. _toDecline.Take(BatchMax)], isDecline: true);
            _toDecline.RemoveRange(0, Math.Min(BatchMax, _toDecline.Count));
        }
    }

    private static bool IsDue(WatchedProcess process, TimeSpan now, double? uptime) =>
        process is { Rule.Engine: not RuleEngine.User, IsSettled: false, IsUnderWay: false } && process.RetryAt <= now
        && (uptime is not { } seconds || seconds - (process.Process.StartTicks / 100.0) >= process.Rule.Delay.TotalSeconds);

    private static bool IsBelow(string path, string group) => path == group || path.StartsWith(group + "/", StringComparison.Ordinal);

    private bool IsHeld(WatchedProcess process, bool isHeld, IReadOnlyCollection<string> heldGroups)
    {
        var group = heldGroups.FirstOrDefault(held => process.Groups.Any(path => IsBelow(path, held)));
        if (!isHeld && group is null)
        {
            return false;
        }

        if (!process.IsWaitTold)
        {
            process.IsWaitTold = true;
            log.TellOf(LogLevel.Info, "rules", process.Process.Pid, "waits", $"rule \"{process.Rule!.Name}\" would switch it on, and the guard lets nothing grow in {group ?? "host"}");
        }

        return true;
    }

    private void SwitchOn(List<WatchedProcess> due)
    {
        var targets = new List<WatchedProcess>();
        foreach (var process in due)
        {
            var (pid, start, name) = process.Process;
            if (ours.IsDeclined(pid, start) || ours.IsOn(pid, start) || KsmStat.TryRead(proc, pid) is { MergeAny: true })
            {
                process.IsSettled = true;
            }
            else if (switcher is null)
            {
                process.IsSettled = true;
                log.TellOf(LogLevel.Info, "rules", pid, "would be switched on", $"{name} falls under rule \"{process.Rule!.Name}\"");
            }
            else if (targets.Count < BatchMax)
            {
                targets.Add(process);
            }
        }

        Begin(targets, isOn: true, isDecline: false);
    }

    private void SwitchOff(List<WatchedProcess> due, bool isDecline)
    {
        var targets = new List<WatchedProcess>();
        foreach (var process in due)
        {
            var (pid, start, name) = process.Process;
            if (!ours.IsOn(pid, start))
            {
                process.IsSettled = true;
            }
            else if (switcher is null)
            {
                process.IsSettled = true;
                log.TellOf(LogLevel.Info, "rules", pid, "would be switched off", $"{name} falls under rule \"{process.Rule?.Name}\"");
            }
            else if (targets.Count < BatchMax)
            {
                targets.Add(process);
            }
        }

        Begin(targets, isOn: false, isDecline);
    }

    /// <summary>One batch at a time: who does not get into this one gets into the next.</summary>
    private void Begin(List<WatchedProcess> processes, bool isOn, bool isDecline)
    {
        if (processes.Count == 0 || switcher is null || Interlocked.CompareExchange(ref _underWay, 1, 0) != 0)
        {
            return;
        }

        processes.ForEach(process => process.IsUnderWay = true);
        var targets = processes.Select(process => process.Process).ToList();
        post(() =>
        {
            try
            {
                // Of some it is half a minute since they were looked at: their number may be another's by now.
                var living = targets.Where(target => target.IsSame(proc)).ToList();
                var outcomes = living.Count == 0 ? [] : isOn ? switcher.Enable(living) : switcher.Disable(living);
                _done.Enqueue((isOn, isDecline, targets, outcomes));
            }
            catch (Exception failed) when (failed is IOException or Linux.LinuxException or UnauthorizedAccessException or InvalidOperationException or System.ComponentModel.Win32Exception)
            {
                _done.Enqueue((isOn, isDecline, targets, [.. targets.Select(target => new SwitchOutcome(target.Pid, false, false, failed.Message))]));
            }
            finally
            {
                Volatile.Write(ref _underWay, 0);
            }
        });
    }

    /// <summary>Takes in what the switch has done since the last look.</summary>
    private void TakeIn(TimeSpan now)
    {
        while (_done.TryDequeue(out var batch))
        {
            var switched = new List<(int, long)>();
            foreach (var target in batch.Targets)
            {
                var outcome = batch.Outcomes.FirstOrDefault(each => each.Pid == target.Pid) ?? new SwitchOutcome(target.Pid, false, false, "was not reached");
                Settle(target, outcome, batch.IsOn, now);
                if (batch.IsDecline && !outcome.IsDone)
                {
                    _profits.Refused(target.Pid, target.StartTicks);
                }

                if (outcome is { IsDone: true } && !(batch.IsOn && outcome.WasAlready))
                {
                    switched.Add((target.Pid, target.StartTicks));
                }
            }

            // Whoever was switched on is seen by the profit's watch before its first pass is over.
            _profitAt = batch.IsOn ? null : _profitAt;
            Keep(() =>
            {
                if (batch.IsOn || batch.IsDecline)
                {
                    ours.Note(switched, isOn: batch.IsOn);
                }
                else
                {
                    ours.Forget(switched.Contains);
                }
            });
        }
    }

    private void Settle(TargetProcess target, SwitchOutcome outcome, bool isOn, TimeSpan now)
    {
        var process = _watch.Find(target.Pid) is { } found && found.Process.StartTicks == target.StartTicks ? found : null;
        var rule = process?.Rule is { } known ? $"rule \"{known.Name}\"" : "a rule that no longer holds";
        if (process is not null)
        {
            process.IsUnderWay = false;
            process.Refusals += outcome.IsDone ? 0 : 1;
            process.IsSettled = outcome.IsDone || process.Refusals >= RefusalsMax;
            process.RetryAt = now + s_retryAfter;
        }

        if (outcome.IsDone)
        {
            log.TellOf(LogLevel.Info, "rules", target.Pid, isOn ? "switched on" : "switched off", $"{target.Name}, {rule}{(outcome.Reason.Length > 0 ? $"; it {outcome.Reason}" : "")}");
        }
        else if (process is not null)
        {
            var again = process.IsSettled ? "not tried again" : $"tried again in {s_retryAfter.TotalSeconds:0} s";
            log.TellOf(LogLevel.Warning, "rules", target.Pid, isOn ? "not switched on" : "not switched off", $"{target.Name} {outcome.Reason} ({rule}; {again})");
        }
    }

    private void WatchProfit(TimeSpan now, long fullScans, bool isAtRest)
    {
        if (_profitAt is { } last && now - last < s_profitEvery)
        {
            return;
        }

        _profitAt = now;
        Keep(() => ours.Forget(process => ProcessStat.TryRead(proc, process.Pid)?.StartTicks != process.StartTicks));
        var accounts = ours.All.Select(process => KsmStat.TryRead(proc, process.Pid) is { } stat
            ? new ProcessProfit(process.Pid, process.StartTicks, _watch.Find(process.Pid)?.Process.Name ?? "?", stat.ProcessProfitBytes, true)
            : default).Where(account => account.Pid != 0).ToList();
        foreach (var off in _profits.Observe(now, fullScans, isAtRest, accounts))
        {
            log.TellOf(LogLevel.Notice, "profit", off.Process.Pid, switcher is null ? "would be switched off" : "is to be switched off", off.Reason);
            _toDecline.Add(new WatchedProcess(new TargetProcess(off.Process.Pid, off.Process.StartTicks, off.Process.Name), 0));
        }
    }

    private void Keep(Action note)
    {
        try
        {
            note();
        }
        catch (Exception full) when (full is IOException or UnauthorizedAccessException)
        {
            log.Trouble("rules", "whom Samepage switched on cannot be kept on disk", $"{full.Message}; serving goes on, and a later daemon will not know");
        }
    }
}
