using System.Globalization;
using System.Text.Json.Nodes;
using Samepage.Server.Http;

namespace Samepage.SystemTests.Browsing;

/// <summary>The plots under a mouse, over a month of made-up history.</summary>
public sealed class ChartTests : IDisposable
{
    private const long MonthSeconds = 31 * 86_400;
    private readonly MadeUpDashboard _made = new();
    private readonly HttpServer _server;
    private readonly string _address;
    private readonly Browser _browser = new();

    public ChartTests()
    {
        var endpoint = Loopback.Free();
        _server = HttpServer.Start(endpoint, _made.Answer);
        _address = $"http://{endpoint}/";
    }

    public void Dispose()
    {
        _browser.Dispose();
        _server.Dispose();
    }

    [Fact]
    public void A_point_under_the_mouse_is_read_on_every_plot()
    {
        ShowMonth();
        foreach (var (chart, part) in new[] { ("saved", 0.25), ("cost", 0.5), ("coverage", 0.75) })
        {
            var at = Read(chart, part);
            Assert.NotNull(at);
            Assert.Equal(DateTimeOffset.UtcNow.ToUnixTimeSeconds() - ((1 - part) * MonthSeconds), at.Value, 0.01 * MonthSeconds);
            Assert.Single(Readings("datetime").Distinct());
            Assert.Equal(MadeUpDashboard.Saved(at.Value) / (double)(1L << 30), double.Parse(Readings("value")[0].Split(' ')[0], CultureInfo.InvariantCulture), 0.06);
        }

        // Without the mouse each shows its latest.
        _browser.Point(5, 5);
        _browser.Until("[...document.querySelectorAll('#charts .reading-at')].every(at => at.textContent === '')");
        Assert.Empty(_browser.Complaints);
    }

    [Fact]
    public void A_span_that_is_dragged_over_fills_all_plots_and_is_finer()
    {
        ShowMonth();
        var (coarse, now) = (Points("cost"), DateTimeOffset.UtcNow.ToUnixTimeSeconds());
        double from = now - (0.6 * MonthSeconds), to = now - (0.5 * MonthSeconds);
        Drag("saved", 0.4, 0.5);
        WaitFor(() => Math.Abs((Read("coverage", 0.002) ?? 0) - from) < 0.01 * MonthSeconds, "the span's beginning is not at the left");
        Assert.Equal(to, Read("saved", 0.998)!.Value, 0.01 * MonthSeconds);
        WaitFor(() => _made.SpansAsked.Any(span => IsNear(span.From, from) && IsNear(span.To, to)), "the span was not asked for");
        WaitFor(() => Points("cost") > 0.5 * coarse, "of a tenth of the month there is a tenth of the points");
        Assert.Equal(Points("cost"), Points("saved"));

        // Further in, a click that moves hardly at all changes nothing, and two bring back everything.
        Drag("cost", 0.5, 0.502);
        Assert.Equal(from, Read("coverage", 0.002)!.Value, 0.01 * MonthSeconds);
        var asked = _made.SpansAsked.Count(span => IsNear(span.From, from));
        Assert.Equal(1, asked);
        var (x, y) = PointOf("coverage", 0.5);
        _browser.DoubleClick(x, y);
        WaitFor(() => Math.Abs((Read("saved", 0.002) ?? 0) - (now - MonthSeconds)) < 0.01 * MonthSeconds, "the month is not shown again");
        Assert.InRange(Points("cost"), coarse - 5, coarse + 30);
        Assert.Empty(_browser.Complaints);

        static bool IsNear(double one, double other) => Math.Abs(one - other) < 0.01 * MonthSeconds;
    }

    /// <summary>Opens the page, and waits until a month is shown.</summary>
    private void ShowMonth()
    {
        _browser.Open(_address);
        _browser.Value("document.querySelector('#ranges button:last-child').click()");
        _browser.Until("document.querySelectorAll('#charts .plot canvas').length === 3");
        _browser.Value("document.getElementById('charts').scrollIntoView({ block: 'center', behavior: 'instant' })");
        WaitFor(() => _made.SpansAsked.Any(span => span.To - span.From == MonthSeconds), "the month was not asked for");

        // Its beginning can be read once it is there.
        WaitFor(() => Read("saved", 0.01) is { } at && DateTimeOffset.UtcNow.ToUnixTimeSeconds() - at > 0.97 * MonthSeconds, "the month is not shown");
    }

    /// <summary>The time that is read where the mouse points to, in seconds since 1970; null where none is.</summary>
    private long? Read(string chart, double part)
    {
        var (x, y) = PointOf(chart, part);
        _browser.Point(x, y);
        return Readings("datetime")[0] is { Length: > 0 } text ? DateTimeOffset.Parse(text, CultureInfo.InvariantCulture).ToUnixTimeSeconds() : null;
    }

    /// <summary>How many points are shown.</summary>
    private int Points(string chart) =>
        int.Parse(_browser.Value($"document.querySelector('[data-chart={chart}]').dataset.points")!.GetValue<string>(), CultureInfo.InvariantCulture);

    private void Drag(string chart, double part, double toPart)
    {
        var ((x, y), (toX, toY)) = (PointOf(chart, part), PointOf(chart, toPart));
        _browser.Drag(x, y, toX, toY);
    }

    /// <summary>A point of the plot itself, without its axes; whatever was drawn last is there.</summary>
    private (double X, double Y) PointOf(string chart, double part)
    {
        var box = _browser.Value($"(box => [box.left, box.top, box.width, box.height])(document.querySelector('[data-chart={chart}] .u-over').getBoundingClientRect())")!.AsArray();
        var (left, top, width, height) = (Number(box[0]), Number(box[1]), Number(box[2]), Number(box[3]));
        return (left + (part * width), top + (height / 2));
    }

    private static double Number(JsonNode? node) => node!.GetValue<double>();

    /// <summary>What stands above the three plots.</summary>
    private string[] Readings(string kind)
    {
        var selector = kind == "datetime" ? ".reading-at" : ".reading";
        var what = kind == "datetime" ? "reading.dateTime" : "reading.textContent";
        return [.. _browser.Value($"[...document.querySelectorAll('#charts {selector}')].map(reading => {what})")!.AsArray().Select(text => text!.GetValue<string>())];
    }

    private static void WaitFor(Func<bool> holds, string otherwise) =>
        Assert.True(SpinWait.SpinUntil(holds, TimeSpan.FromSeconds(30)), otherwise);
}
