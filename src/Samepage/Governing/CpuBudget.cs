namespace Samepage.Governing;

/// <summary>
/// A hard budget of CPU time: at most a share of a core, averaged over any window of a given length. What was spent
/// comes back when the window has passed over it.
/// </summary>
/// <remarks>
/// A bucket that is refilled at a steady rate keeps a window's sum below its rate times the window plus its size, so
/// that either the size or the rate must stay well below the budget. Remembering what was spent when is exact and
/// lets all of the budget be used. An expense counts in full as long as any part of its interval lies in the window:
/// windows that begin in the middle of it are covered too. Not thread-safe.
/// </remarks>
/// <param name="share">The share of one core.</param>
/// <param name="window">The time over which it is averaged.</param>
public sealed class CpuBudget(double share, TimeSpan window)
{
    private readonly Queue<(TimeSpan From, TimeSpan Until, double Seconds)> _expenses = [];
    private double _spent;

    /// <summary>CPU time of one whole window.</summary>
    public double WindowSeconds => share * window.TotalSeconds;

    /// <summary>Notes what was spent between two looks.</summary>
    public void Spend(TimeSpan from, TimeSpan until, double cpuSeconds)
    {
        _expenses.Enqueue((from, until, cpuSeconds));
        _spent += cpuSeconds;
    }

    /// <summary>CPU time that may still be spent in the window that ends now; negative where too much was.</summary>
    public double Left(TimeSpan now)
    {
        while (_expenses.TryPeek(out var oldest) && oldest.Until <= now - window)
        {
            _spent -= _expenses.Dequeue().Seconds;
        }

        // No error of rounding may pile up over months.
        _spent = _expenses.Count == 0 ? 0 : _spent;
        return WindowSeconds - _spent;
    }
}
