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
/// Finds processes for which merging costs more metadata than it saves, and keeps doing so: at every look, for a time
/// and for a number of whole passes, since a newcomer begins at a loss. Each is named once. Not thread-safe.
/// </summary>
/// <param name="patience">The time.</param>
/// <param name="passes">The passes; smart scan may look at a page in every ninth only.</param>
public sealed class ProfitWatch(TimeSpan patience, long passes = ConvergenceTracker.SmartScanPasses)
{
    private readonly Dictionary<(int Pid, long StartTicks), Loss> _losses = [];

    /// <summary>Takes in the accounts of all processes, and names those to switch off.</summary>
    /// <param name="at">When, on a clock that never jumps.</param>
    /// <param name="fullScans">Whole passes of ksmd since boot.</param>
    /// <param name="processes">All processes that opted in.</param>
    public IReadOnlyList<SwitchOff> Observe(TimeSpan at, long fullScans, IReadOnlyList<ProcessProfit> processes)
    {
        var found = new List<SwitchOff>();
        var losing = processes.Where(process => process is { IsOurs: true, ProfitBytes: < 0 }).ToList();
        foreach (var process in losing)
        {
            var key = (process.Pid, process.StartTicks);
            if (!_losses.TryGetValue(key, out var loss))
            {
                _losses.Add(key, loss = new Loss(at, fullScans));
            }

            if (!loss.IsNamed && at - loss.Since >= patience && fullScans - loss.FullScans >= passes)
            {
                loss.IsNamed = true;
                found.Add(new SwitchOff(process, $"{process.Name} ({process.Pid}) costs {Figures.Bytes(-process.ProfitBytes)} more metadata than it saves, for {(at - loss.Since).TotalMinutes:0} min and {fullScans - loss.FullScans} passes"));
            }
        }

        var still = losing.Select(process => (process.Pid, process.StartTicks)).ToHashSet();
        foreach (var ended in _losses.Keys.Where(key => !still.Contains(key)).ToList())
        {
            _losses.Remove(ended);
        }

        return found;
    }

    private sealed class Loss(TimeSpan since, long fullScans)
    {
        public TimeSpan Since { get; } = since;

        public long FullScans { get; } = fullScans;

        public bool IsNamed { get; set; }
    }
}
