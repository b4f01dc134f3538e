namespace Samepage.Governing;

/// <summary>
/// What a page costs ksmd, learnt from its CPU time and its count of pages. It differs by more than ten times: about
/// 8 us while pages merge, about 0.5 us where nothing changed. Not thread-safe.
/// </summary>
public sealed class ScanCost
{
    /// <summary>Assumed before anything was seen, and the dearest that has been measured.</summary>
    private const double InitialNanoseconds = 8_000;

    /// <summary>CPU time after which the quick figure has half forgotten what was before.</summary>
    private const double QuickSeconds = 0.05;

    /// <summary>The same of the steady figure.</summary>
    private const double SteadySeconds = 0.5;

    /// <summary>Assumed of a pass over unchanged pages before one was seen.</summary>
    private const double InitialPassNanoseconds = 500;

    private double _worst = 2.5 * InitialNanoseconds;

    /// <summary>What a page costs right now.</summary>
    public double QuickNanoseconds { get; private set; } = InitialNanoseconds;

    /// <summary>What a page costs on average over a longer time.</summary>
    public double SteadyNanoseconds { get; private set; } = InitialNanoseconds;

    /// <summary>
    /// What a whole pass costs for each page that ksmd knows where hardly anything is left to merge: the cheapest pass of
    /// the last work.
    /// </summary>
    public double PassNanoseconds { get; private set; } = InitialPassNanoseconds;

    /// <summary>More than any page has been seen to cost; the budget is kept even at this.</summary>
    public double WorstNanoseconds => _worst;

    /// <summary>Learns from what was spent on so many pages.</summary>
    public void Observe(double cpuSeconds, long pages)
    {
        if (cpuSeconds <= 0 || pages <= 0)
        {
            return;
        }

        var cost = cpuSeconds * 1e9 / pages;
        QuickNanoseconds = Blend(QuickNanoseconds, cost, cpuSeconds / QuickSeconds);
        SteadyNanoseconds = Blend(SteadyNanoseconds, cost, cpuSeconds / SteadySeconds);
        _worst = Math.Max(_worst, 1.5 * QuickNanoseconds);
    }

    /// <summary>Learns from what whole passes have cost.</summary>
    /// <param name="cpuSeconds">All of it.</param>
    /// <param name="passes">How many they were.</param>
    /// <param name="trackedPages">What ksmd knows of.</param>
    /// <param name="isFirst">The first of a piece of work: what earlier ones cost is forgotten.</param>
    public void ObservePasses(double cpuSeconds, long passes, long trackedPages, bool isFirst)
    {
        if (cpuSeconds > 0 && passes > 0 && trackedPages > 0)
        {
            var cost = cpuSeconds * 1e9 / passes / trackedPages;
            PassNanoseconds = isFirst ? cost : Math.Min(PassNanoseconds, cost);
        }
    }

    private static double Blend(double known, double seen, double halves)
    {
        var kept = Math.Pow(0.5, halves);
        // By the harmonic mean, because both sides weigh by CPU time: it is pages per second that are averaged.
        return 1 / ((kept / known) + ((1 - kept) / seen));
    }
}
