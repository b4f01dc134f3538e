namespace Samepage.Governing;

/// <summary>What an operator may set of the governor. Shares are of one core.</summary>
public sealed record GovernorOptions
{
    /// <summary>
    /// CPU time that ksmd and its driver may take, averaged over any <see cref="BudgetWindow"/>. Never exceeded where the
    /// driver takes no more of it than half, and no more than in the time before.
    /// </summary>
    public double BudgetShare { get; init; } = 0.25;

    /// <summary>The time over which the budget is averaged.</summary>
    public TimeSpan BudgetWindow { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The pace of a burst, as long as the window has room for it.</summary>
    public double BurstShare { get; init; } = 0.5;

    /// <summary>The pace while programs are at work, where memory is not short: what they feel of ksmd is how much merges in a second.</summary>
    public double GentleShare { get; init; } = 0.05;

    /// <summary>The part of all processors' time that others take above which the pace is gentle, and the one below which it no longer is.</summary>
    public (double Enter, double Leave) OthersBusy { get; init; } = (0.20, 0.15);

    /// <summary>The pace of the trickle on a converged host.</summary>
    public double TrickleShare { get; init; } = 0.004;

    /// <summary>A CPU-second that saves less than this is not worth spending.</summary>
    public long WorthBytesPerCpuSecond { get; init; } = 16L << 20;

    /// <summary>Passes without worthwhile growth, after those that are needed, until a host counts as converged.</summary>
    public double QuietPasses { get; init; } = 0.5;

    /// <summary>New memory below this starts nothing: the trickle finds it.</summary>
    public long NewMemoryMin { get; init; } = 32L << 20;

    /// <summary>New memory that does not stop growing is gone over after so long; what stops, at once.</summary>
    public TimeSpan SettleMax { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The part of what was saved that must be lost again before the host is gone over anew.</summary>
    public double LossShare { get; init; } = 0.02;

    /// <summary>The least time between two pieces of work on the same memory.</summary>
    public TimeSpan RepeatAfter { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>PSI of the CPU above which work waits, and the one below which it goes on, in percent.</summary>
    public (double Enter, double Leave) CpuPressure { get; init; } = (60, 40);

    /// <summary>The longest wait; then work goes on at a quarter of its pace.</summary>
    public TimeSpan WaitMax { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>PSI of memory above which memory counts as short, and the one below which it no longer does, in percent.</summary>
    public (double Enter, double Leave) MemoryPressure { get; init; } = (10, 3);

    /// <summary>The available part of memory below which it counts as short, and the one above which it no longer does.</summary>
    public (double Enter, double Leave) AvailableShare { get; init; } = (0.10, 0.15);

    /// <summary>These options, where a governor can work with them.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A share or a time has no meaning.</exception>
    internal GovernorOptions Checked()
    {
        // A whole core has no pause left to be told; past this the pace is a matter of the scheduler.
        const double Most = 0.95;
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(BudgetShare, 0, nameof(BudgetShare));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(BudgetShare, 1, nameof(BudgetShare));
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(BurstShare, 0, nameof(BurstShare));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(BurstShare, Most, nameof(BurstShare));
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(GentleShare, 0, nameof(GentleShare));
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(TrickleShare, 0, nameof(TrickleShare));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(TrickleShare, BurstShare, nameof(TrickleShare));
        ArgumentOutOfRangeException.ThrowIfLessThan(BudgetWindow, TimeSpan.FromSeconds(20), nameof(BudgetWindow));
        ArgumentOutOfRangeException.ThrowIfLessThan(WorthBytesPerCpuSecond, 1, nameof(WorthBytesPerCpuSecond));
        return this;
    }
}
