using System.Globalization;
using Samepage.Governing;
using Samepage.Scenarios.Running;
using Samepage.Scenarios.Trials;

namespace Samepage.Scenarios.Ready;

/// <summary>What a reader should know of a fleet's run beside its figures, one sentence each.</summary>
internal static class FleetNotes
{
    public static IEnumerable<string> Of(ScenarioEngine engine, DemonstrationResult outcome)
    {
        var (promise, achieved, totals) = (outcome.Promise, outcome.Achievement, outcome.Promise.Estimate.Totals);
        yield return Format($"The estimate promised {Figures.Bytes(promise.Bytes)} of the {Figures.Bytes(totals.PresentPages * 4096)} that the programs held, for {promise.Estimate.Cost.CpuSeconds:0.00} CPU-seconds.");
        if (achieved is null)
        {
            yield return $"Nothing was merged; missing: {string.Join("; ", outcome.Missing)}.";
            yield break;
        }

        yield return Format($"Merging took {achieved.WallSeconds:0.0} s and came to {achieved.DeviationPercent(promise):+0.0;-0.0;0.0} % against the promise ({achieved.Convergence.Reason}).");
        if (achieved.StallMicrosecondsMax is { } stall)
        {
            yield return Format($"The longest time that a part of a program's memory was held back was {stall / 1000:0.00} ms.");
        }

        if (engine == ScenarioEngine.Kernel && outcome.PutBack.Count > 0)
        {
            yield return $"A run that was killed had left settings changed; put back: {string.Join(", ", outcome.PutBack)}.";
        }
    }

    private static string Format(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
