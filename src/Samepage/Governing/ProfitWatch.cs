namespace Samepage.Governing;

/// <summary>One process's account with merging.</summary>
/// <param name="Pid">Its number.</param>
/// <param name="StartTicks">When it started; with its number it names it for ever.</param>
/// <param name="Name">Its command name.</param>
/// <param name="ProfitBytes">What it saves less its metadata (<c>ksm_process_profit</c>).</param>
/// <param name="IsOurs">Samepage switched it on; what opted in by itself is not Samepage's to switch off.</param>
public readonly record struct ProcessProfit(int Pid, long StartTicks, string Name, long ProfitBytes, bool IsOurs);

/// <summary>A process for which merging should be switched off.</summary>
/// <param name="Process">The process.</param>
/// <param name="Reason">Why, with the figures, without a full stop.</param>
public sealed record SwitchOff(ProcessProfit Process, string Reason);

/// <summary>
/// Finds processes for which merging costs more metadata than it saves, and keeps doing so: at every look, for a time,
/// since a newcomer begins at a loss; and until ksmd has done for it what it can: a number of whole passes of any kind, or
/// as many as work takes, with that work over. Each is named once. Not thread-safe.
/// </summary>
/// <param name="patience">The time.</param>
/// <param name="passes">The passes of any kind; smart scan may look at a page in every ninth only.</param>
public sealed class ProfitWatch(TimeSpan patience, long passes = ConvergenceTracker.SmartScanPasses)
{
    private readonly Dictionary<(int Pid, long StartTicks), Loss> _losses = [];

    /// <summary>Whole passes of ksmd when a process was first seen.</summary>
    private readonly Dictionary<(int Pid, long StartTicks), long> _seenAt = [];

    /// <summary>Takes in the accounts of all processes, and names those to switch off.</summary>
    /// <param name="at">When, on a clock that never jumps.</param>
    /// <param name="fullScans">Whole passes of ksmd since boot.</param>
    /// <param name="isAtRest">Whether the governor has nothing left to do. Where merging is at a loss as a whole, ksmd then stands still, and no further passes would come.</param>
    /// <param name="processes">All processes that opted in.</param>
    public IReadOnlyList<SwitchOff> Observe(TimeSpan at, long fullScans, bool isAtRest, IReadOnlyList<ProcessProfit> processes)
    {
        var found = new List<SwitchOff>();
        Keep(_seenAt, processes);
        foreach (var process in processes)
        {
            _seenAt.TryAdd((process.Pid, process.StartTicks), fullScans);
        }

        var losing = processes.Where(process => process is { IsOurs: true, ProfitBytes: < 0 }).ToList();
        foreach (var process in losing)
        {
            var key = (process.Pid, process.StartTicks);
            if (!_losses.TryGetValue(key, out var loss))
            {
                _losses.Add(key, loss = new Loss(at, fullScans));
            }

            var sinceSeen = fullScans - _seenAt[key];
            var isDone = fullScans - loss.FullScans >= passes || (isAtRest && sinceSeen >= RoundGoal.WholePassesNeeded);
            if (!loss.IsNamed && at - loss.Since >= patience && isDone)
            {
                loss.IsNamed = true;
                found.Add(new SwitchOff(process, $"{process.Name} ({process.Pid}) costs {Figures.Bytes(-process.ProfitBytes)} more metadata than it saves, for {(at - loss.Since).TotalMinutes:0} min, {sinceSeen} passes after it was first seen"));
            }
        }

        Keep(_losses, losing);
        return found;
    }

    /// <summary>It could not be switched off: where the loss lasts, it is named again.</summary>
    public void Refused(int pid, long startTicks) => _losses.Remove((pid, startTicks));

    /// <summary>Forgets all others.</summary>
    private static void Keep<T>(Dictionary<(int Pid, long StartTicks), T> known, IReadOnlyList<ProcessProfit> processes)
    {
        var still = processes.Select(process => (process.Pid, process.StartTicks)).ToHashSet();
        foreach (var ended in known.Keys.Where(key => !still.Contains(key)).ToList())
        {
            known.Remove(ended);
        }
    }

    private sealed class Loss(TimeSpan since, long fullScans)
    {
        public TimeSpan Since { get; } = since;

        public long FullScans { get; } = fullScans;

        public bool IsNamed { get; set; }
    }
}
