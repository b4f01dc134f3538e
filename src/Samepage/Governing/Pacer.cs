namespace Samepage.Governing;

/// <summary>
/// Turns a share of a core into pages and pauses. It keeps the last order as long as that comes close enough, so that
/// settings do not follow every tremble of what a page costs. Not thread-safe.
/// </summary>
internal sealed class Pacer
{
    /// <summary>The kernel's own pause between turns, short enough for work to be steady.</summary>
    private const long WorkSleepMilliseconds = 20;

    /// <summary>A trickle wakes the machine once a second.</summary>
    public const long TrickleSleepMilliseconds = 1000;

    /// <summary>An order may miss the share by this factor before it is changed.</summary>
    private const double WorkTolerance = 1.5;

    private const double TrickleTolerance = 2.5;

    /// <summary>The last order.</summary>
    public ScanOrder Last { get; private set; } = new(false, 100, WorkSleepMilliseconds, true);

    /// <summary>An order that takes about this share.</summary>
    /// <param name="share">Of one core, below 1.</param>
    /// <param name="isTrickle">Rare turns of which smart scan may skip most, instead of frequent ones that skip none.</param>
    /// <param name="nanosecondsPerPage">What a page costs.</param>
    public ScanOrder Order(double share, bool isTrickle, double nanosecondsPerPage)
    {
        var sleep = isTrickle ? TrickleSleepMilliseconds : WorkSleepMilliseconds;
        var pages = Pages(share, sleep, nanosecondsPerPage);
        var tolerance = isTrickle ? TrickleTolerance : WorkTolerance;
        var order = new ScanOrder(true, Round(pages), sleep, isTrickle);
        var isClose = Last.IsRunning && Last.SleepMilliseconds == sleep && Last.PassesOver == isTrickle
            && pages >= Last.PagesToScan / tolerance && pages <= Last.PagesToScan * tolerance;
        return isClose ? Last : Keep(order);
    }

    /// <summary>Makes an order the last one.</summary>
    public ScanOrder Keep(ScanOrder order) => Last = order;

    private static double Pages(double share, long sleepMilliseconds, double nanosecondsPerPage) =>
        Math.Clamp(share / (1 - share) * sleepMilliseconds * 1e6 / nanosecondsPerPage, ScanOrder.PagesMin, 1_000_000);

    /// <summary>To two digits: people read these numbers.</summary>
    private static long Round(double pages)
    {
        var unit = Math.Pow(10, Math.Floor(Math.Log10(pages)) - 1);
        return Math.Max(ScanOrder.PagesMin, (long)(Math.Floor(pages / unit) * unit));
    }
}
