namespace Samepage.Governing;

/// <summary>
/// When ksmd goes over a converged host again, to find what nobody announced: one whole pass at a time, after which it
/// stands at the start of the next (<see cref="ScanPlace"/>). At first so often that a pass is worth its share of a core;
/// where passes find nothing, ever more rarely. Not thread-safe.
/// </summary>
/// <param name="share">Of a core, on average, at first.</param>
internal sealed class Patrol(double share)
{
    private static readonly TimeSpan s_pauseMin = TimeSpan.FromMinutes(1), s_pauseMax = TimeSpan.FromMinutes(20);

    private TimeSpan _pause;
    private TimeSpan? _next;
    private (long FullScans, long SavedBytes)? _left;

    /// <summary>Work has begun: what patrols found before says nothing any more.</summary>
    public void Reset() => (_next, _left, _pause) = (null, null, default);

    /// <summary>Whether ksmd should be out.</summary>
    /// <param name="now">The look.</param>
    /// <param name="isAtStart">Whether ksmd stands at the start of a pass.</param>
    /// <param name="passSeconds">CPU time of a pass.</param>
    /// <param name="worthBytesPerCpuSecond">A patrol that found less for its time found nothing.</param>
    public bool IsOut(HostSample now, bool isAtStart, double passSeconds, double worthBytesPerCpuSecond)
    {
        if (_left is { } left && isAtStart && now.FullScans > left.FullScans)
        {
            Return(now, passSeconds, hasFound: now.SavedBytes - left.SavedBytes >= worthBytesPerCpuSecond * passSeconds);
        }
        else if (_left is null && _next is null && isAtStart)
        {
            Return(now, passSeconds, hasFound: true);
        }

        if (_left is null && (!isAtStart || now.At >= _next))
        {
            _left = (now.FullScans, now.SavedBytes);
        }

        return _left is not null;
    }

    private void Return(HostSample now, double passSeconds, bool hasFound)
    {
        var often = TimeSpan.FromSeconds(Math.Max(s_pauseMin.TotalSeconds, passSeconds / share));
        _pause = hasFound || _pause == default ? often : _pause * 2;
        _pause = _pause > s_pauseMax ? (often > s_pauseMax ? often : s_pauseMax) : _pause;
        (_next, _left) = (now.At + _pause, null);
    }
}
