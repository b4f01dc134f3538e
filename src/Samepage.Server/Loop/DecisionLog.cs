namespace Samepage.Server.Loop;

/// <summary>
/// Tells each decision once, and keeps the latest for those who ask later. What it keeps is bounded, and the coming and
/// going of processes does not push out what was decided about the host. Thread-safe.
/// </summary>
/// <param name="clock">Tells the time of day.</param>
/// <param name="write">Takes a line for the log.</param>
public sealed class DecisionLog(TimeProvider clock, Action<LogLevel, string> write)
{
    /// <summary>So many are kept of the host and control groups, and as many of processes.</summary>
    public const int KeptMax = 256;

    /// <summary>Nobody writes longer ones; names come from processes, which may call themselves what they like.</summary>
    private const int TextMax = 1000;

    /// <summary>A trouble that stays is told again after so long.</summary>
    private static readonly TimeSpan s_troubleAgainAfter = TimeSpan.FromMinutes(10);

    private const int TroublesMax = 64;

    /// <summary>Guards all below.</summary>
    private readonly Lock _lock = new();
    private readonly Queue<Decision> _ofHost = [], _ofProcesses = [];
    private readonly Dictionary<string, long> _troubles = [];
    private long _number;

    /// <summary>How many there were since the start.</summary>
    public long Total => Interlocked.Read(ref _number);

    /// <summary>Called with each, on the thread that told it; must not wait.</summary>
    public Action<LogLevel, Decision>? Told { get; set; }

    /// <summary>Notes and tells a decision about the host or a control group.</summary>
    public void Tell(LogLevel level, string who, string scope, string what, string why) => Add(level, who, scope, null, what, why);

    /// <summary>Notes and tells a decision about a process.</summary>
    public void TellOf(LogLevel level, string who, int pid, string what, string why) => Add(level, who, "process", pid, what, why);

    /// <summary>Tells of something that does not work: once, and again after a while if it still does not.</summary>
    public void Trouble(string who, string what, string why)
    {
        lock (_lock)
        {
            var key = $"{who}: {what}";
            if (_troubles.TryGetValue(key, out var told) && clock.GetElapsedTime(told) < s_troubleAgainAfter)
            {
                return;
            }

            if (_troubles.Count >= TroublesMax)
            {
                _troubles.Clear();
            }

            _troubles[key] = clock.GetTimestamp();
        }

        Add(LogLevel.Error, who, "host", null, what, why);
    }

    /// <summary>The latest about the host and its control groups, or about one process; the oldest first.</summary>
    public IReadOnlyList<Decision> Latest(int? pid)
    {
        lock (_lock)
        {
            return pid is { } number ? [.. _ofProcesses.Where(decision => decision.Pid == number)] : [.. _ofHost];
        }
    }

    /// <summary>All that are kept; the oldest first.</summary>
    public IReadOnlyList<Decision> All()
    {
        lock (_lock)
        {
            return [.. _ofHost.Concat(_ofProcesses).OrderBy(decision => decision.Number)];
        }
    }

    private void Add(LogLevel level, string who, string scope, int? pid, string what, string why)
    {
        Decision decision;
        lock (_lock)
        {
            decision = new Decision(++_number, clock.GetUtcNow(), who, scope, pid, Cut(what), Cut(why));
            var kept = pid is null ? _ofHost : _ofProcesses;
            kept.Enqueue(decision);
            if (kept.Count > KeptMax)
            {
                kept.Dequeue();
            }
        }

        write(level, decision.ToString());
        Told?.Invoke(level, decision);
    }

    private static string Cut(string text) => text.Length <= TextMax ? text : text[..TextMax];
}
