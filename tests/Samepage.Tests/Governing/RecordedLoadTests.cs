using Samepage.Governing;
using Samepage.Server.History;
using Samepage.Server.History.Recording;

namespace Samepage.Tests.Governing;

/// <summary>
/// A load that was recorded on a real machine, decided over anew: programs with much in common that came under a real
/// daemon and a real ksmd, by <c>samepage record --for</c> (tests/Samepage.Tests/Governing/Recorded/README.md).
/// </summary>
public sealed class RecordedLoadTests : IDisposable
{
    private const long Arrival = 32L << 20;
    private readonly HostRecord _record = HostRecord.Open(Path.Combine(AppContext.BaseDirectory, "Governing", "Recorded", "programs.samepage"));
    private readonly List<HostSample> _samples;
    private readonly List<GovernorDecision> _decisions;

    public RecordedLoadTests()
    {
        _samples = [.. _record.Samples().Select(sample => sample.ToSample())];
        _decisions = [.. GovernorReplay.Run(_samples, _record.Head.Governor.ToOptions())];
    }

    public void Dispose() => _record.Dispose();

    [Fact]
    public void Each_arrival_is_worked_on_when_it_has_settled_and_all_has_converged_at_the_end()
    {
        var arrivals = _samples.Zip(_samples.Skip(1)).Where(pair => pair.Second.EligibleBytes - pair.First.EligibleBytes > Arrival).Select(pair => pair.Second.At).ToList();
        var patience = _record.Head.Governor.ToOptions().SettleMax + TimeSpan.FromSeconds(4);
        Assert.NotEmpty(arrivals);
        Assert.All(arrivals, at => Assert.Contains(
            _decisions.Where(decision => decision.At >= at && decision.At < at + patience), decision => decision.Mode is GovernorMode.Working or GovernorMode.Spent || (decision.Mode is GovernorMode.Waiting && !decision.Reason.StartsWith("new memory still grows", StringComparison.Ordinal))));
        Assert.Equal(GovernorMode.Resting, _decisions[0].Mode);
        Assert.Equal(GovernorMode.Converged, _decisions[^1].Mode);
        Assert.True(_samples[^1].SavedBytes > Arrival);
    }

    [Fact]
    public void The_budget_holds_over_what_ksmd_really_spent()
    {
        Assert.All(_decisions, decision => Assert.True(decision.BudgetLeftSeconds >= 0, decision.ToString()));
        var options = _record.Head.Governor.ToOptions();
        Assert.All(_decisions, decision => Assert.InRange(decision.WantedShare, 0, options.BurstShare));
    }

    /// <summary>
    /// Another looked at other moments, and what it ordered changed what it saw; by and large it thought the same. A governor
    /// that always thought one thing would agree in 6 of 14 rows at most.
    /// </summary>
    [Fact]
    public void It_decides_as_the_daemon_did_that_drove_ksmd_then()
    {
        using var reader = _record.OpenHistory()!;
        var began = _record.Head.FirstSampleAt!.Value.ToUnixTimeSeconds();
        var until = _record.Head.TakenAt.ToUnixTimeSeconds();
        var history = reader.Read(new HistoryQuery(began, until, 2000, null), until);
        var modes = history.Values[HistorySeries.IndexOf("governor_mode")];
        var (same, all) = (0, 0);
        for (var point = 0; point < history.Times.Count; point++)
        {
            // A row has the mode of its end.
            var end = TimeSpan.FromSeconds(history.Times[point] + history.StepSeconds - began) + _samples[0].At;
            if (modes[point] is { } mode && _decisions.LastOrDefault(decision => decision.At <= end) is { } decision && end <= _samples[^1].At)
            {
                (same, all) = (same + ((int)mode == (int)decision.Mode ? 1 : 0), all + 1);
            }
        }

        Assert.True(all >= 8, $"only {all} rows");
        Assert.True(same >= 0.6 * all, $"the same in {same} of {all} rows");
    }
}
