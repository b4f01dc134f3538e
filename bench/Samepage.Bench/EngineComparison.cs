using Samepage.Bench.Measuring;

namespace Samepage.Bench;

/// <summary>The user engine against ksmd on one kind of fleet, as ratios of medians over the rounds; below 1: less.</summary>
internal sealed record EngineComparison(
    string Fleet, int Rounds, double? CpuTo95, double CpuTo95OfOwn, double Saved, double AvailableGain, double Footprint,
    double SteadyPass, double MetadataBytesAPage, double CpuTo95OfOwnMin, double CpuTo95OfOwnMax)
{
    public static List<EngineComparison> Of(IReadOnlyList<EngineTrial> trials) =>
    [
        .. trials.GroupBy(trial => trial.Fleet)
            .Where(fleet => fleet.Select(trial => trial.Engine).Distinct().Count() == 2)
            .Select(fleet => Compare(
                fleet.Key, [.. fleet.Where(trial => trial.Engine == "kernel")], [.. fleet.Where(trial => trial.Engine == "user")])),
    ];

    private static EngineComparison Compare(string fleet, List<EngineTrial> kernel, List<EngineTrial> user)
    {
        double Ratio(Func<EngineTrial, double> of) =>
            Statistics.Median(user.Select(of)) / Statistics.Median(kernel.Select(of));
        var reached = kernel.Concat(user).All(trial => trial.CpuSecondsTo95 is not null);
        var pairs = user.Zip(kernel, (mine, its) => mine.CpuSecondsTo95OfOwn / its.CpuSecondsTo95OfOwn ?? 0).ToList();
        return new EngineComparison(
            fleet, user.Count, reached ? Ratio(trial => trial.CpuSecondsTo95!.Value) : null,
            Ratio(trial => trial.CpuSecondsTo95OfOwn ?? 0), Ratio(trial => trial.SavedPages),
            Ratio(trial => trial.AvailableGainBytes), Ratio(trial => trial.FootprintBytes),
            Ratio(trial => trial.Steady.CpuSecondsAPass), Ratio(trial => trial.Metadata.BytesAPage), pairs.Min(), pairs.Max());
    }

    public void Print() => Console.WriteLine(FormattableString.Invariant($"""
        {Fleet}: user engine / ksmd, {Rounds} rounds
          CPU to 95 % of the oracle     {(CpuTo95 is { } ratio ? FormattableString.Invariant($"{ratio:F3}") : "not reached by both")}
          CPU to 95 % of its own        {CpuTo95OfOwn:F3} ({CpuTo95OfOwnMin:F3}-{CpuTo95OfOwnMax:F3})
          pages saved                   {Saved:F3}
          MemAvailable gained           {AvailableGain:F3}
          footprint                     {Footprint:F3}
          CPU of a look, nothing new    {SteadyPass:F3}
          metadata a page               {MetadataBytesAPage:F3}
        """));
}
