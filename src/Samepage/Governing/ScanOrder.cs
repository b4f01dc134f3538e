namespace Samepage.Governing;

/// <summary>What ksmd is told to do.</summary>
/// <param name="IsRunning"><c>run</c>: 1 scans, 0 stands still and leaves everything merged.</param>
/// <param name="PagesToScan"><c>pages_to_scan</c>: pages in each of its turns.</param>
/// <param name="SleepMilliseconds"><c>sleep_millisecs</c>: the pause after each.</param>
/// <param name="PassesOver">
/// Whether smart scan may pass over pages that did not merge before: cheap, but it loses merges. False switches it off,
/// true leaves it as it was found.
/// </param>
public readonly record struct ScanOrder(bool IsRunning, long PagesToScan, long SleepMilliseconds, bool PassesOver)
{
    /// <summary>Fewer pages than this in a turn are not worth a wake-up.</summary>
    public const long PagesMin = 64;

    /// <summary>This order, standing still.</summary>
    public ScanOrder Stop() => this with { IsRunning = false, PassesOver = true };

    /// <summary>The share of one core that this order takes where a page costs so much.</summary>
    public double ShareAt(double nanosecondsPerPage)
    {
        var turn = PagesToScan * nanosecondsPerPage;
        return IsRunning ? turn / (turn + (SleepMilliseconds * 1e6)) : 0;
    }
}
