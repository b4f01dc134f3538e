namespace Samepage.Governing;

/// <summary>
/// A switch that goes on at one value and off at another, and stays for a while wherever it went: a figure that
/// trembles around one value cannot make it flap. Not thread-safe.
/// </summary>
/// <param name="enter">Goes on at or beyond this.</param>
/// <param name="leave">Goes off at or beyond this.</param>
/// <param name="isHigh">It goes on at high values; else at low ones.</param>
/// <param name="dwell">The least time between two changes.</param>
public sealed class Threshold(double enter, double leave, bool isHigh, TimeSpan dwell)
{
    private TimeSpan? _changedAt;

    /// <summary>Whether it is on.</summary>
    public bool IsOn { get; private set; }

    /// <summary>How long it has been as it is; zero before the first change.</summary>
    public TimeSpan Since(TimeSpan now) => _changedAt is { } at ? now - at : TimeSpan.Zero;

    /// <summary>Takes in a value.</summary>
    public bool Observe(double value, TimeSpan now)
    {
        var wantsOn = isHigh ? value >= enter : value <= enter;
        var wantsOff = isHigh ? value <= leave : value >= leave;
        if ((IsOn ? wantsOff : wantsOn) && (_changedAt is not { } at || now - at >= dwell))
        {
            IsOn = !IsOn;
            _changedAt = now;
        }

        return IsOn;
    }
}
