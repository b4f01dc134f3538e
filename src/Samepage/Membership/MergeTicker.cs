namespace Samepage.Membership;

/// <summary>Raises a domain's events from a timer that runs only while somebody listens.</summary>
internal sealed class MergeTicker(MergeDomain domain, TimeSpan interval) : IDisposable
{
    private readonly Lock _lock = new();
    private EventHandler<MergeStatistics>? _state;
    private EventHandler<MergeStatistics>? _statistics;
    private Timer? _timer;
    private MergeState _known;
    private bool _isDisposed;

    public void AddState(EventHandler<MergeStatistics>? handler) => Change(() => _state += handler);

    public void RemoveState(EventHandler<MergeStatistics>? handler) => Change(() => _state -= handler);

    public void AddStatistics(EventHandler<MergeStatistics>? handler) => Change(() => _statistics += handler);

    public void RemoveStatistics(EventHandler<MergeStatistics>? handler) => Change(() => _statistics -= handler);

    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            _timer?.Dispose();
            _timer = null;
        }
    }

    private void Change(Action change)
    {
        lock (_lock)
        {
            change();
            var isWanted = !_isDisposed && (_state is not null || _statistics is not null);
            if (isWanted && _timer is null)
            {
                _known = domain.State;
                _timer = new Timer(static ticker => ((MergeTicker)ticker!).Tick(), this, interval, interval);
            }
            else if (!isWanted)
            {
                _timer?.Dispose();
                _timer = null;
            }
        }
    }

    /// <summary>Handlers are called outside of the lock: they may add and remove others.</summary>
    private void Tick()
    {
        EventHandler<MergeStatistics>? state, statistics;
        var now = domain.Statistics;
        lock (_lock)
        {
            if (_timer is null)
            {
                return;
            }

            (state, statistics) = (now.State != _known ? _state : null, _statistics);
            _known = now.State;
        }

        state?.Invoke(domain, now);
        statistics?.Invoke(domain, now);
    }
}
