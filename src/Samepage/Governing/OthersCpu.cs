namespace Samepage.Governing;

/// <summary>
/// How busy everybody but ksmd keeps the processors, and whether that calls for a gentle pace. What a program feels of
/// ksmd are interrupted processors and pages that it must copy before it writes them; one that sleeps feels nothing.
/// Not thread-safe.
/// </summary>
/// <param name="busy">The part of all processors' time above which they count as busy, and below which no longer.</param>
/// <param name="dwell">The least time between two changes.</param>
internal sealed class OthersCpu((double Enter, double Leave) busy, TimeSpan dwell)
{
    /// <summary>The time over which what was is half forgotten.</summary>
    private const double HalfSeconds = 2;

    private readonly Threshold _busy = new(busy.Enter, busy.Leave, isHigh: true, dwell);
    private double? _share;

    /// <summary>The part of all processors' time that others take, lately; 0 where unknown.</summary>
    public double Share => _share ?? 0;

    /// <summary>Whether they count as busy.</summary>
    public bool AreBusy => _busy.IsOn;

    /// <summary>Takes in what went on between two looks.</summary>
    /// <param name="last">The earlier.</param>
    /// <param name="now">The later.</param>
    /// <param name="ownSeconds">CPU time of ksmd between them.</param>
    public void Observe(HostSample last, HostSample now, double ownSeconds)
    {
        if (now.BusyCpuNanoseconds - last.BusyCpuNanoseconds is { } busyNanoseconds)
        {
            var seconds = (now.At - last.At).TotalSeconds;
            var seen = Math.Clamp(((busyNanoseconds / 1e9) - ownSeconds) / (seconds * now.Processors), 0, 1);
            var kept = _share is null ? 0 : Math.Pow(0.5, seconds / HalfSeconds);
            _share = (kept * Share) + ((1 - kept) * seen);
            _busy.Observe(Share, now.At);
        }
    }
}
