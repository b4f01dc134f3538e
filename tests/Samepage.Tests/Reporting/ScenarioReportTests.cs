using System.Text.Json;
using System.Xml.Linq;
using Samepage.Cli.Rendering;
using Samepage.Cli.Rendering.Report;
using Samepage.Scenarios.Running;

namespace Samepage.Tests.Reporting;

public sealed class ScenarioReportTests
{
    private static readonly ScenarioResult s_result = new("fifty-two", ScenarioEngine.User, "guest", 52, 51, 49, 1)
    {
        OomKills = 2,
        ProgramBytes = 1L << 30,
        LimitBytes = 16L << 30,
        PeakBytes = 15L << 30,
        SwapReadyBytes = 40L << 30,
        SwapPeakBytes = 1L << 30,
        SavedBytes = 970,
        OracleBytes = 1000,
        CpuSeconds = 12.3456,
        WallSeconds = 800,
        StoppedBy = "a <guest> died",
        Notes = ["One & two."],
        Series =
        [
            new ScenarioMoment(0, 0),
            new ScenarioMoment(10, 5) { UsedBytes = 5L << 30, SavedBytes = 1L << 30, Coverage = 7 },
            new ScenarioMoment(20, 9) { UsedBytes = 6L << 30, SavedBytes = 3L << 30, Coverage = 2 },
        ],
    };

    [Fact]
    public void The_JSON_keeps_the_contract()
    {
        var json = JsonDocument.Parse(ScenarioJson.From(s_result).ToText()).RootElement;
        Assert.Equal("samepage.scenario/1", json.GetProperty("schema").GetString());
        Assert.Equal("user", json.GetProperty("engine").GetString());
        (string Name, long Value)[] numbers =
        [
            ("guests_up", 51), ("guests_verified", 49), ("guests_corrupt", 1), ("guests_lost", 1), ("oom_kills", 2), ("limit_bytes", 16L << 30),
            ("peak_bytes", 15L << 30), ("swap_peak_bytes", 1L << 30), ("saved_bytes", 970), ("oracle_bytes", 1000),
        ];
        Assert.All(numbers, pair => Assert.Equal(pair.Value, json.GetProperty(pair.Name).GetInt64()));
        Assert.Equal(97, json.GetProperty("saved_share_percent").GetDouble());
        Assert.Equal(100.0 / 51, json.GetProperty("swap_share_percent").GetDouble(), 3);
        Assert.Equal(12.346, json.GetProperty("cpu_seconds").GetDouble());
        Assert.Equal(800, json.GetProperty("wall_seconds").GetDouble());
        Assert.Equal(3, json.GetProperty("series").GetArrayLength());
    }

    [Fact]
    public void The_report_is_whole_without_anything_from_outside()
    {
        var page = ScenarioReport.Render(s_result, new ReportOrigin("host<1>", "6.18", DateTimeOffset.UnixEpoch));
        Assert.DoesNotContain("<script", page, StringComparison.Ordinal);
        Assert.DoesNotContain("http://", page, StringComparison.Ordinal);
        Assert.DoesNotContain("host<1>", page, StringComparison.Ordinal);
        Assert.Contains("a &lt;guest&gt; died", page, StringComparison.Ordinal);
        var drawings = page.Split("<svg ").Skip(1).Select(piece => XElement.Parse("<svg " + piece[..(piece.IndexOf("</svg>", StringComparison.Ordinal) + 6)])).ToList();
        Assert.Equal(6, drawings.Count);
        Assert.All(drawings, drawing => Assert.Contains(drawing.Elements("path"), path => (string?)path.Attribute("class") == "line"));
    }

    [Fact]
    public void Without_a_series_there_are_no_plots() =>
        Assert.DoesNotContain("<svg", ScenarioReport.Render(s_result with { Series = [] }, new ReportOrigin("h", "k", DateTimeOffset.UnixEpoch)), StringComparison.Ordinal);

    [Theory]
    [InlineData(0, 1, 0.5)]
    [InlineData(52, 60, 10)]
    [InlineData(16, 20, 5)]
    [InlineData(0.31, 0.4, 0.1)]
    [InlineData(900, 1000, 200)]
    public void Scales_end_at_round_numbers(double most, double top, double step)
    {
        var scale = LinePlot.Scale(most);
        Assert.Equal(top, scale.Top, 9);
        Assert.Equal(step, scale.Step, 9);
    }
}
