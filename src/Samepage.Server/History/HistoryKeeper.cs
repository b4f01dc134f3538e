using Samepage.Server.Loop;

namespace Samepage.Server.History;

/// <summary>
/// Keeps the history where that can be done. What does not work is said once; the daemon goes on without, and the history
/// goes on when it can. <see cref="Post"/>, <see cref="Tell"/>, <see cref="Follow"/> and <see cref="Suspect"/> may be called from
/// any thread and never wait; all else is done by one thread, or by <see cref="Work"/> in tests.
/// </summary>
/// <param name="log">Where trouble is told.</param>
/// <param name="clock">Its time of day may jump, its timestamps do not.</param>
/// <param name="processes">Looks at the processes; called once a minute, also while nothing can be written.</param>
public sealed partial class HistoryKeeper(DecisionLog log, TimeProvider clock, Func<IReadOnlyList<ProcessSample>> processes) : IDisposable
{
    /// <summary>
    /// What waits while nothing can be written: an hour of samples, with them the processes of sixty minutes, and as many
    /// decisions as the log keeps.
    /// </summary>
    internal const int SamplesWaitingMax = 360, DecisionsWaitingMax = 256;

    /// <summary>What processes hold by now is not what they held at the time of a sample that is older than this.</summary>
    private static readonly TimeSpan s_lookedWithin = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan s_retryAfter = TimeSpan.FromSeconds(30), s_trimEvery = TimeSpan.FromMinutes(10);

    /// <summary>Guards what other threads hand in.</summary>
    private readonly Lock _lock = new();
    private readonly Queue<WaitingSample> _samples = [];
    private readonly Queue<ToldDecision> _decisions = [];
    private WaitingSample? _newest;
    private HistoryOptions? _wanted;
    private bool _isSuspect;

    // Below is the worker's own.
    private HistoryOptions? _options;
    private HistoryStore? _store;
    private long? _retryFrom, _trimmedAt;
    private string? _trouble;
    private long _minute = long.MinValue;

    /// <summary>Whether the history is kept; null where it is not wanted.</summary>
    public bool? IsKept { get; private set; }

    /// <summary>The file; null where no history is wanted.</summary>
    public string? FilePath
    {
        get
        {
            lock (_lock)
            {
                return _wanted?.Path;
            }
        }
    }

    /// <summary>What to keep, and where; null: nothing. Followed at the next work.</summary>
    public void Follow(HistoryOptions? options)
    {
        lock (_lock)
        {
            _wanted = options;
        }

        _woken.Set();
    }

    /// <summary>Hands a sample in.</summary>
    public void Post(HistorySample sample)
    {
        var waiting = new WaitingSample(sample);
        lock (_lock)
        {
            _newest = waiting;
        }

        Enqueue(_samples, waiting, SamplesWaitingMax, isUrgent: true);
    }

    /// <summary>Hands a decision in; it is written with the next sample.</summary>
    public void Tell(ToldDecision decision) => Enqueue(_decisions, decision, DecisionsWaitingMax, isUrgent: false);

    /// <summary>Somebody who read the file found it broken.</summary>
    public void Suspect() => Volatile.Write(ref _isSuspect, true);

    /// <summary>Does what there is to do.</summary>
    internal void Work()
    {
        var wanted = Wanted();
        if (wanted != _options)
        {
            Close();
            (_options, _retryFrom, _trouble, IsKept) = (wanted, null, null, wanted is null ? null : false);
        }

        if (_options is null)
        {
            Drop();
            return;
        }

        try
        {
            Look();
            if (_retryFrom is not { } failed || clock.GetElapsedTime(failed) >= s_retryAfter)
            {
                Write(_options);
            }
        }
        catch (Exception trouble) when (trouble is IOException or UnauthorizedAccessException)
        {
            Fail(trouble);
        }
    }

    private void Write(HistoryOptions options)
    {
        _store ??= Open(options);
        if (Interlocked.Exchange(ref _isSuspect, false))
        {
            _store.Examine();
        }

        while (Next() is var (sample, decisions) && (sample is not null || decisions.Count > 0))
        {
            WatchClock(sample?.Sample);

            // It may have come since the last look.
            Look();
            Append(_store, sample, decisions);
            Forget(sample, decisions.Count);
        }

        if (_trimmedAt is not { } trimmed || clock.GetElapsedTime(trimmed) >= s_trimEvery)
        {
            _store.Trim(Now, IsClockSteady);
            _trimmedAt = clock.GetTimestamp();
        }

        if (_trouble is not null)
        {
            log.Tell(LogLevel.Notice, "history", "host", "is kept again", options.Path);
            _trouble = null;
        }

        IsKept = true;
    }

    /// <summary>At the cap room is made at once, and not at the next time for it.</summary>
    private void Append(HistoryStore store, WaitingSample? waiting, IReadOnlyList<ToldDecision> decisions)
    {
        try
        {
            store.Append(waiting?.Sample, waiting?.Processes, decisions);
        }
        catch (HistoryException full) when (full.IsFull)
        {
            store.Trim(Now, IsClockSteady);
            store.Append(waiting?.Sample, waiting?.Processes, decisions);
        }
    }

    private HistoryStore Open(HistoryOptions options)
    {
        HistoryFiles.Prepare(options.Path);
        return new HistoryStore(options, Now);
    }

    /// <summary>The same trouble is said once, however often it is met.</summary>
    private void Fail(Exception trouble)
    {
        Close();
        IsKept = false;
        var (why, isMoved) = (trouble.Message, false);
        if (trouble is HistoryException { IsCorrupt: true })
        {
            (why, isMoved) = HistoryFiles.MoveAside(_options!.Path, why);
        }
        else if (trouble is HistoryException { IsFull: true })
        {
            why += "; make room on the disk, or where it has room allow more in [history] size_max";
        }

        _retryFrom = isMoved ? null : clock.GetTimestamp();
        if (why != _trouble)
        {
            _trouble = why;
            log.Tell(isMoved ? LogLevel.Warning : LogLevel.Error, "history", "host", isMoved ? "begins anew" : "is not kept for now; all else goes on", why);
        }
    }

    private void Close()
    {
        _store?.Dispose();
        (_store, _trimmedAt) = (null, null);
    }

    /// <summary>
    /// Looks at the processes with the first sample of each minute, whether or not it can be written by then: what is
    /// written later is of that moment too. A minute that has passed meanwhile is left without processes.
    /// </summary>
    private void Look()
    {
        WaitingSample? newest;
        lock (_lock)
        {
            newest = _newest;
        }

        if (newest is not null && HistoryTier.Begin(newest.Sample.At, 60) is var minute && minute != _minute && Math.Abs(Now - newest.Sample.At) <= s_lookedWithin.TotalSeconds)
        {
            newest.Processes = processes();
            _minute = minute;
        }
    }

    private long Now => clock.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>A sample that waits to be written.</summary>
    /// <param name="sample">The host.</param>
    private sealed class WaitingSample(HistorySample sample)
    {
        public HistorySample Sample => sample;

        /// <summary>The processes of its minute; null where they were not looked at with it. The worker's own.</summary>
        public IReadOnlyList<ProcessSample>? Processes { get; set; }
    }
}
