using Samepage.Server.Loop;

namespace Samepage.Server.History;

/// <content>What waits to be written, the thread, and the clock.</content>
public sealed partial class HistoryKeeper
{
    /// <summary>A time of day that goes so much otherwise than the timestamps has jumped.</summary>
    private static readonly TimeSpan s_jump = TimeSpan.FromSeconds(15), s_steadyAfter = TimeSpan.FromHours(1);

    private readonly AutoResetEvent _woken = new(false);
    private readonly long _start = clock.GetTimestamp();
    private Thread? _thread;
    private volatile bool _isEnding;
    private TimeSpan? _dayLessTime;
    private long _steadySince = clock.GetTimestamp();

    private bool IsClockSteady => clock.GetElapsedTime(_steadySince) >= s_steadyAfter;

    /// <summary>Begins to work on a thread of its own: a disk may take its time.</summary>
    public void Start()
    {
        _thread = new Thread(Run, maxStackSize: 512 << 10) { IsBackground = true, Name = "history" };
        _thread.Start();
    }

    /// <summary>Writes what waits, and closes the file.</summary>
    public void Dispose()
    {
        _isEnding = true;
        _woken.Set();

        // A disk that hangs must not keep the daemon from ending: what is lost is a few seconds.
        if (_thread?.Join(TimeSpan.FromSeconds(5)) ?? true)
        {
            Close();
            _woken.Dispose();
        }
    }

    private void Run()
    {
        while (!_isEnding)
        {
            _woken.WaitOne();
            Work();
        }

        Work();
    }

    private void Enqueue<T>(Queue<T> queue, T item, int most, bool isUrgent)
    {
        lock (_lock)
        {
            queue.Enqueue(item);
            if (queue.Count > most)
            {
                queue.Dequeue();
            }
        }

        if (isUrgent)
        {
            _woken.Set();
        }
    }

    private HistoryOptions? Wanted()
    {
        lock (_lock)
        {
            return _wanted;
        }
    }

    private (WaitingSample? Sample, IReadOnlyList<ToldDecision> Decisions) Next()
    {
        lock (_lock)
        {
            return (_samples.TryPeek(out var sample) ? sample : null, [.. _decisions]);
        }
    }

    /// <summary>What was written waits no longer. Meanwhile others may have come, and the oldest been pushed out.</summary>
    private void Forget(WaitingSample? sample, int decisions)
    {
        lock (_lock)
        {
            if (sample is not null && _samples.TryPeek(out var first) && ReferenceEquals(first, sample))
            {
                _samples.Dequeue();
            }

            for (var i = 0; i < decisions && _decisions.Count > 0; i++)
            {
                _decisions.Dequeue();
            }
        }
    }

    private void Drop()
    {
        lock (_lock)
        {
            _samples.Clear();
            _decisions.Clear();
        }
    }

    private void WatchClock(HistorySample? sample)
    {
        if (sample is null)
        {
            return;
        }

        var day = clock.GetUtcNow() - DateTimeOffset.UnixEpoch - clock.GetElapsedTime(_start);
        if (_dayLessTime is { } before && (day - before).Duration() > s_jump)
        {
            _steadySince = clock.GetTimestamp();
            var seconds = (day - before).TotalSeconds;
            log.Tell(LogLevel.Notice, "history", "host", "the time of day has jumped", FormattableString.Invariant($"by {seconds:+0;-0} s; what it wrote before stays where the clock had it"));
        }

        _dayLessTime = day;
    }
}
