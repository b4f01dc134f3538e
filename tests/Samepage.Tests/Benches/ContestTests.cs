extern alias bench;

using System.Xml.Linq;
using bench::Samepage.Bench.Contest;
using bench::Samepage.Bench.Reporting;

namespace Samepage.Tests.Benches;

/// <summary>What a contest makes of its turns: orders, medians, ratios, tables, files.</summary>
public sealed class ContestTests
{
    private static readonly string[] s_names = ["none", "default", "fast", "user"];

    [Fact]
    public void Everybody_has_a_turn_in_every_repetition_and_nobody_always_follows_the_same()
    {
        var orders = Enumerable.Range(0, 4).Select(repetition => ContestPlan.Order(s_names, repetition)).ToList();
        Assert.All(orders, order => Assert.Equal(s_names.Order(), order.Order()));
        Assert.Equal(4, orders.Select(order => string.Join(' ', order)).Distinct().Count());
        Assert.True(orders.Select(order => order[0]).Distinct().Count() > 1);
    }

    [Fact]
    public void A_summary_has_medians_and_ratios_within_a_repetition()
    {
        var result = Result(Trial("none", 0, p95: 2), Trial("user", 0, p95: 3), Trial("none", 1, p95: 4), Trial("user", 1, p95: 4, before: 8));
        var user = result.Peers.Single(peer => peer.Name == "user");
        Assert.Equal(new Spread(1.25, 1.0, 1.5), user.Converging.P95Ratio);
        Assert.Equal(new Spread(0.75, 0.5, 1.0), user.Converging.P95Slowdown);
        Assert.Equal(new Spread(3.5, 3, 4), user.Converging.P95Milliseconds);
        Assert.Equal(0.9, user.Share!.Median, 6);
    }

    [Fact]
    public void A_time_that_one_turn_did_not_reach_has_no_median()
    {
        var result = Result(Trial("user", 0, to90: 5), Trial("user", 1, to90: null));
        Assert.Null(result.Peers[0].SecondsTo90);
        Assert.Contains("> 60", ContestFigures.Saving(result).ToText(), StringComparison.Ordinal);
        Assert.Null(result.Peers[0].Converging.P95Ratio);
    }

    [Fact]
    public void Frames_and_contents_give_saving_and_oracle()
    {
        // 100 pages, 30 of them zeros; 20 contents; 25 frames of data, one of zeros, two that nobody maps.
        var count = new FrameCount(100, 30, 20, 26, 25, 2);
        Assert.Equal((79, 72), (count.OraclePages, count.SavedPages));
        Assert.Equal((50, 43), (count.DataOraclePages, count.DataSavedPages));
        Assert.Equal(0, new FrameCount(0, 0, 0, 0, 0, 0).Share);
    }

    [Fact]
    public void A_result_is_read_back_as_it_was_written()
    {
        var file = Path.GetTempFileName();
        try
        {
            var result = Result(Trial("none", 0), Trial("user", 0, to90: null));
            File.WriteAllText(file, result.ToJson());
            Assert.Equal(result.ToJson(), ContestResult.Read(file).ToJson());
            File.WriteAllText(file, """{"schema": "other/1"}""");
            Assert.ThrowsAny<Exception>(() => ContestResult.Read(file));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void The_table_for_spreadsheets_is_even()
    {
        var lines = ContestCsv.Write(Result(Trial("none", 0), Trial("user", 0, to90: null))).TrimEnd('\n').Split('\n');
        Assert.Equal(3, lines.Length);
        Assert.Single(lines.Select(line => line.Count(letter => letter == ',')).Distinct());
        Assert.DoesNotContain("NaN", string.Join('\n', lines), StringComparison.Ordinal);
    }

    [Fact]
    public void Plots_are_sound_and_name_everybody()
    {
        var plots = ContestPlots.All(Result(Trial("none", 0), Trial("fast", 0), Trial("user", 0, to90: null)));
        Assert.All(plots.Values, svg => Assert.Equal("svg", XDocument.Parse(svg).Root!.Name.LocalName));
        Assert.All((string[])["fast", "user"], name => Assert.Contains(Contender.TitleOf(name), plots["saving"], StringComparison.Ordinal));
        Assert.Equal([0, 20, 40, 60], SvgPlot.Marks(60));
        Assert.Throws<ArgumentException>(() => new TextTable("one", "two").Add("one"));
    }

    private static ContestResult Result(params TrialResult[] trials) =>
        ContestResult.Of(new ContestPlan(4, 512, 2, 60, 8, 20, 3, 100), "2026-01-01 00:00 UTC", 1, trials);

    private static TrialResult Trial(string peer, int repetition, double p95 = 2, double? to90 = 5, double? before = null)
    {
        var latency = new Latency(1, p95, 9, 20, 0, 400, 4000, 0);
        return new TrialResult
        {
            Peer = peer,
            Repetition = repetition,
            IsSettled = to90 is not null,
            SettledSeconds = 9,
            OraclePagesAtStart = 1000,
            End = peer == "none" ? new FrameCount(1500, 100, 499, 1500, 1400, 0) : new FrameCount(1500, 100, 499, 600, 599, 0),
            SecondsTo50 = 2,
            SecondsTo90 = to90,
            SecondsTo95 = to90,
            CpuSeconds = 1.5,
            SteadyCpuShare = 0.01,
            MetadataBytesAPage = 20,
            MetadataBytes = 30_000,
            Before = latency with { P95Milliseconds = before ?? p95 },
            Converging = latency,
            After = latency,
            FlatRequestsASecond = 5000,
            EngineWindowMillisecondsMax = 1,
            EngineWindowMilliseconds999 = 0.5,
            GuestsVerified = 4,
            Way = [new WayPoint(0, 0, 0), new WayPoint(1, 0.5, 0.5)],
        };
    }
}
