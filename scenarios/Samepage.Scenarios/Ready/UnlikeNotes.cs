using System.Globalization;
using Samepage.Governing;
using Samepage.Scenarios.Trials;

namespace Samepage.Scenarios.Ready;

/// <summary>What Samepage has to say of programs with little in common, one sentence each.</summary>
internal static class UnlikeNotes
{
    public static IEnumerable<string> Of(MergePromise promise, GovernedOutcome outcome)
    {
        var (totals, cost) = (promise.Estimate.Totals, promise.Estimate.Cost);
        var part = totals.PresentPages > 0 ? 100.0 * promise.Pages / totals.PresentPages : 0;
        var word = part < 100 * UnlikeScenario.CommonMax ? "which is little" : "which is too much for unlike programs";
        yield return Format($"The estimate: of the {Figures.Bytes(totals.PresentPages * HostSample.PageSize)} that the programs hold, merging would free {Figures.Bytes(promise.Bytes)} ({part:0.0} %), {word}; saying so took {cost.CpuSeconds:0.00} CPU-seconds.");
        yield return Format($"Opted in all the same, they cost {outcome.KsmdCpuSeconds:0.00} CPU-seconds of ksmd and {outcome.OwnCpuSeconds:0.00} of Samepage in {outcome.GovernedSeconds:0} s, {Figures.Core((outcome.KsmdCpuSeconds + outcome.OwnCpuSeconds) / outcome.GovernedSeconds)}.");
        yield return outcome.Verdict is { } verdict ? $"The governor's last word: {verdict.Reason}." : "The governor decided nothing.";
        yield return Format($"At rest ksmd took {Figures.Core(outcome.RestingShare)}; without a governor, at {MergeTrial.PagesToScan} pages every {MergeTrial.SleepMilliseconds} ms, it took {Figures.Core(outcome.LooseShare)} on the same programs in the {outcome.LooseSeconds:0} s after, and would go on.");
    }

    private static string Format(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
