using System.Globalization;
using Samepage.Bench.Reporting;

namespace Samepage.Bench.Contest;

/// <summary>The plots of a contest, by the name of their file.</summary>
internal static class ContestPlots
{
    /// <summary>Goals of the project: how much longer p95 may take while merging converges, and after that.</summary>
    public const double ConvergingGoal = 1.10, AfterGoal = 1.03;

    public static IReadOnlyDictionary<string, string> All(ContestResult result) => new Dictionary<string, string>
    {
        ["saving"] = Saving(result),
        ["cpu"] = Bars(result, "CPU time for each GB saved, seconds", peer => peer.CpuSecondsAGigabyte, "0.0", null),
        ["steady"] = Bars(result, "CPU once it has converged, % of a processor", peer => peer.SteadyCpuShare, "0.0 %", null),
        ["p95-converging"] = Bars(
            result, "Slowdown of p95 while merging converges (dashed: the goal)", peer => peer.Converging.P95Slowdown, "0.00", ConvergingGoal),
        ["p95-after"] = Bars(
            result, "Slowdown of p95 after it has converged (dashed: the goal)", peer => peer.After.P95Slowdown, "0.00", AfterGoal),
    };

    /// <summary>Saving over time; of each peer the turn that saved the middling part of all its turns over time.</summary>
    public static string Saving(ContestResult result)
    {
        var lines = result.Peers.Where(peer => peer.Name != "none").Select(peer => new PlotLine(
            peer.Title, SvgPlot.Colour(peer.Name), Prolonged(Middling(result, peer.Name), result.Plan.ConvergeSecondsMax))).ToList();
        var axes = new PlotAxes(
            string.Create(CultureInfo.InvariantCulture, $"Saved, of what can be saved: {result.Plan.Guests} guests of {result.Plan.Megabytes} MB"),
            "seconds since merging began", "", result.Plan.ConvergeSecondsMax, 1)
        {
            YText = value => value.ToString("0 %", CultureInfo.InvariantCulture),
        };
        return SvgPlot.Lines(axes, lines);
    }

    private static TrialResult Middling(ContestResult result, string peer) =>
        result.Trials.Where(trial => trial.Peer == peer).OrderBy(trial => trial.SecondsTo50 ?? double.MaxValue).ThenBy(trial => trial.Repetition)
            .ElementAt((result.Trials.Count(trial => trial.Peer == peer) - 1) / 2);

    /// <summary>Whoever has converged stays where it is.</summary>
    private static List<(double, double)> Prolonged(TrialResult trial, double seconds)
    {
        List<(double, double)> points = [.. trial.Way.Select(point => (point.Seconds, point.Share))];
        if (trial.IsSettled && trial.Way.Count > 0)
        {
            points.Add((seconds, trial.Way[^1].Share));
        }

        return points;
    }

    private static string Bars(ContestResult result, string title, Func<PeerSummary, Spread?> of, string format, double? mark) => SvgBars.Bars(
        title,
        [.. result.Peers.Select(peer => (peer, Spread: of(peer))).Where(pair => pair.Spread is not null).Select(pair => new PlotBar(
            pair.peer.Title, SvgPlot.Colour(pair.peer.Name), pair.Spread!.Median, pair.Spread.Min, pair.Spread.Max, ContestFigures.Text(pair.Spread, format)))],
        mark);
}
