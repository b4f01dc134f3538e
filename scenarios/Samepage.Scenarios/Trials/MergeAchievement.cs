using Samepage.Governing;

namespace Samepage.Scenarios.Trials;

/// <summary>What an engine did with a trial's programs.</summary>
/// <param name="MergedPages">Frames that stable pages stand in for.</param>
/// <param name="ZeroedPages">
/// Pages that left the programs' anonymous memory for the kernel's zero page: by ksmd where <c>use_zero_pages</c> is
/// set, and, from Linux 6.12, whenever ksmd splits a huge page, which maps its untouched parts to the zero page. None of
/// ksmd's counters shows the latter.
/// </param>
/// <param name="Convergence">Whether it was done when this was measured.</param>
/// <param name="FullScans">Passes over all mergeable memory that it took.</param>
/// <param name="EngineCpuSeconds">CPU time that the engine spent: ksmd, or the engines of all members and the keeper.</param>
/// <param name="WallSeconds">Time from the first opt-in to the measurement.</param>
/// <param name="HadOthers">
/// Other processes had pages in ksmd's hands already: merged pages are then counted in the programs, less the growth in
/// stable pages, and not by the host's counters.
/// </param>
public sealed record MergeAchievement(
    long MergedPages, long ZeroedPages, ConvergenceVerdict Convergence, long FullScans, double EngineCpuSeconds, double WallSeconds, bool HadOthers)
{
    /// <summary>The longest time that a part of a program's memory was held back, in microseconds; null where nobody knows.</summary>
    public double? StallMicrosecondsMax { get; init; }

    /// <summary>Frames saved.</summary>
    public long SavedPages => MergedPages + ZeroedPages;

    /// <summary>Frames saved, in bytes.</summary>
    public long SavedBytes => SavedPages * 4096;

    /// <summary>How far it lies from the promise, in percent: negative where less was saved.</summary>
    public double DeviationPercent(MergePromise promise) =>
        promise.Pages == 0 ? 0 : 100.0 * (SavedPages - promise.Pages) / promise.Pages;
}
