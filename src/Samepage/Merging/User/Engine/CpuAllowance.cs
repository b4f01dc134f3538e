using Samepage.Linux;

namespace Samepage.Merging.User.Engine;

/// <summary>
/// Keeps the engine's thread within a share of one core, averaged over ten seconds: time that it did not use adds up
/// that far and no further. One thread: the engine's.
/// </summary>
internal sealed class CpuAllowance
{
    private const int DefaultPercent = 50;
    private const long WindowMilliseconds = 10_000;
    private long _clock = Environment.TickCount64;
    private long _used = CurrentThread.CpuNanoseconds;
    private long _creditNanoseconds;

    /// <summary>How long to sleep before going on; 0 while there is time to spend.</summary>
    /// <param name="percent">Of one core; 0 means the default.</param>
    public int MillisecondsToWait(uint percent)
    {
        const int nanosecondsOfPercent = 10_000;
        var share = percent == 0 ? DefaultPercent : Math.Min(percent, 100);
        var (now, used) = (Environment.TickCount64, CurrentThread.CpuNanoseconds);
        _creditNanoseconds += (now - _clock) * share * nanosecondsOfPercent - (used - _used);
        _creditNanoseconds = Math.Min(_creditNanoseconds, WindowMilliseconds * share * nanosecondsOfPercent);
        (_clock, _used) = (now, used);
        return _creditNanoseconds >= 0 ? 0 : (int)Math.Min(-_creditNanoseconds / (share * nanosecondsOfPercent) + 1, WindowMilliseconds);
    }
}
