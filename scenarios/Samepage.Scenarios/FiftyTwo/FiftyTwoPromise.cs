using Samepage.Governing;
using Samepage.Scenarios.Running;

namespace Samepage.Scenarios.FiftyTwo;

/// <summary>What a run is to come to. The full form, which is the claim, promises more than one of another size.</summary>
internal static class FiftyTwoPromise
{
    /// <summary>Of the memory given to guests, at most this much may lie in swap; the control gets as much.</summary>
    public const double SwapShareMax = 0.02;

    /// <summary>Of what perfect merging would save at the end, so much is saved at least. A few small guests are too few to say.</summary>
    public const double SavedShareMin = 0.97;

    /// <summary>From the first step to the last check.</summary>
    public static TimeSpan WallMax { get; } = TimeSpan.FromMinutes(15);

    /// <summary>Whether it is the claim that was asked for: as many guests, of that size, under that limit, and no more.</summary>
    public static bool IsFull(ScenarioRequest request, ScenarioDefaults defaults) =>
        !request.UntilFull && request.Engine != ScenarioEngine.None
        && request.Programs == defaults.Programs && request.ProgramBytes == defaults.ProgramBytes && request.HostBytes == defaults.HostBytes;

    /// <summary>What a run did not come to, without a full stop; empty where it came out as promised.</summary>
    /// <param name="result">What came of it.</param>
    /// <param name="isFull">Whether it was in the full form.</param>
    public static IReadOnlyList<string> Shortfalls(ScenarioResult result, bool isFull)
    {
        var found = new List<string>();
        void Unless(bool isKept, FormattableString what)
        {
            if (!isKept)
            {
                found.Add(FormattableString.Invariant(what));
            }
        }

        // The control is to fail: what it shows is where.
        if (result.Engine == ScenarioEngine.None)
        {
            Unless(result.Corrupt == 0, $"{result.Corrupt} guests are corrupt");
            return found;
        }

        Unless(result.Up >= result.Wanted, $"{result.Up} of {result.Wanted} guests came up");
        Unless(result.Verified == result.Up, $"{result.Verified} of {result.Up} guests are verified");
        Unless(result.OomKills == 0, $"the kernel killed {result.OomKills}");
        Unless(result.SwapShare <= SwapShareMax, $"{100 * (result.SwapShare ?? 0):0.00} % of the memory given to guests lay in swap, which is more than {100 * SwapShareMax:0} %");
        if (isFull)
        {
            Unless(result.PeakBytes <= result.LimitBytes, $"the peak of memory was {Figures.Bytes(result.PeakBytes)}, above the limit");
            Unless(result.SavedShare >= SavedShareMin, $"{100 * (result.SavedShare ?? 0):0.0} % of what perfect merging would save was saved, which is less than {100 * SavedShareMin:0} %");
            Unless(result.WallSeconds <= WallMax.TotalSeconds, $"it took {result.WallSeconds:0} s, which is more than {WallMax.TotalMinutes:0} minutes");
        }

        return found;
    }
}
