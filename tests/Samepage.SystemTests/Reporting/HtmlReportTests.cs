using System.Globalization;
using System.Text.RegularExpressions;
using Samepage.Cli.Rendering;
using Samepage.Cli.Rendering.Report;
using Samepage.Estimating;
using Samepage.Tests.Reporting;

namespace Samepage.SystemTests.Reporting;

/// <summary>The HTML report in a real browser, from made-up estimates: what it shows is what the model says.</summary>
public class HtmlReportTests
{
    /// <summary>A process may call itself anything of 15 bytes, and notes and hosts may say anything.</summary>
    private const string Hostile = "</script><script>document.title='broken in'</script><img src=x onerror=\"document.title='broken in'\">";

    [Theory]
    [InlineData(1), InlineData(8), InlineData(100), InlineData(300)]
    public void The_numbers_shown_are_those_of_the_estimate(int count)
    {
        var estimate = MadeUpEstimate.Of(count, seed: count, isVolatile: count == 8);
        var (document, console) = Chromium.Load(Render(estimate));
        Assert.Empty(console);
        Assert.Equal(estimate.Totals.SavableBytes, Value(document, "id=\"figure-savable\""));
        Assert.Equal(estimate.Totals.NetSavableBytes, Value(document, "id=\"figure-net\""));
        Assert.Equal(estimate.Totals.ZeroSavableBytes, Value(document, "id=\"figure-zero\""));
        Assert.Contains($"<dd class=\"big\">{Readable.Size(estimate.Totals.SavableBytes)}</dd>", document);
        Assert.Contains(EstimateWords.Sentence(estimate), document.Replace("&nbsp;", " ", StringComparison.Ordinal));

        var net = estimate.AttributedNetBytes();
        for (var index = 0; index < count; index++)
        {
            var target = estimate.Targets[index];
            var row = Between(document, $"<tr data-pid=\"{target.Pid}\">", "</tr>");
            Assert.Equal(target.Counts.PresentPages * 4096, Value(row, "data-column=\"present\""));
            Assert.Equal(target.Counts.ZeroPages * 4096, Value(row, "data-column=\"zero\""));
            Assert.Equal(target.Counts.DistinctPages * 4096, Value(row, "data-column=\"distinct\""));
            Assert.Equal(target.AttributedBytes, Value(row, "data-column=\"savable\""));
            Assert.Equal(net[index], Value(row, "data-column=\"net\""));
            Assert.Contains($">{(target.AttributedBytes / 1048576.0).ToString("#,0.0", CultureInfo.InvariantCulture)}</td>", row);
        }
    }

    [Fact]
    public void The_parts_of_each_bar_add_up_to_what_is_present()
    {
        var estimate = MadeUpEstimate.Of(8, isVolatile: true);
        var (document, _) = Chromium.Load(Render(estimate));
        var bars = Regex.Matches(document, "<div class=\"bar\".*?</div>").Select(bar =>
            (long)Math.Round(Regex.Matches(bar.Value, "data-pages=\"([0-9.]+)\"").Sum(part => double.Parse(part.Groups[1].Value, CultureInfo.InvariantCulture)))).ToList();
        Assert.Equal(
            estimate.Targets.Select(target => target.Counts.PresentPages).Append(estimate.Totals.PresentPages).Order(),
            bars.Order());
    }

    [Fact]
    public void The_matrix_shows_each_pair_once_in_each_direction()
    {
        var estimate = MadeUpEstimate.Of(8);
        var (document, _) = Chromium.Load(Render(estimate));
        var shown = Regex.Matches(document, "data-contents=\"([0-9]+)\"").Select(cell => long.Parse(cell.Groups[1].Value, CultureInfo.InvariantCulture));
        Assert.Equal(estimate.Sharing.SharedContents.SelectMany(row => row).Order(), shown.Order());
    }

    [Fact]
    public void It_refers_to_nothing_outside_itself()
    {
        var html = Render(MadeUpEstimate.Of(2));
        Assert.DoesNotMatch("(?i)(https?:)?//[a-z0-9.-]+\\.[a-z]{2,}", html);
        Assert.DoesNotMatch("(?i)<(link|img|script|iframe|object|embed|audio|video)\\b[^>]*\\b(src|href)=\"(?!data:)", html);
        Assert.DoesNotMatch("(?i)@import|url\\(", html);
        Assert.Contains("default-src 'none'", html);
    }

    [Fact]
    public void Names_that_are_markup_stay_text()
    {
        var whole = MadeUpEstimate.Of(8);
        var estimate = whole with
        {
            Targets = [whole.Targets[0] with { Name = Hostile, Note = Hostile }, whole.Targets[1] with { Name = "<script>" }, .. whole.Targets.Skip(2)],
        };
        var (document, console) = Chromium.Load(Render(estimate, host: Hostile));
        Assert.Empty(console);
        Assert.DoesNotContain("<title>broken in", document);
        Assert.DoesNotContain("<img", document);
        Assert.Equal(2, Regex.Count(document, "<script"));
        Assert.Contains("&lt;script&gt;", document);
    }

    [Fact]
    public void A_page_that_does_break_is_noticed()
    {
        var html = Render(MadeUpEstimate.Of(2));
        Assert.NotEmpty(Chromium.Load(html.Replace("drawHead();", "drawNothingAtAll();", StringComparison.Ordinal)).Console);
        Assert.NotEmpty(Chromium.Load(html.Replace("<header>", "<img src=\"http://127.0.0.1:9/x.png\"><header>", StringComparison.Ordinal)).Console);
        var escaped = html.Replace("</header>", $"</header>{Hostile["</script>".Length..]}", StringComparison.Ordinal);
        Assert.Contains("<title>broken in", Chromium.Load(escaped).Document);
    }

    [Fact]
    public void Tables_sort_by_a_click_and_charts_are_read_with_the_arrow_keys()
    {
        const string Visitor = """
            <script>
              const heads = [...document.querySelectorAll("#table th button")];
              heads.find(head => head.textContent === "PID").click();
              const pids = [...document.querySelectorAll("#table tbody tr")].map(row => row.dataset.pid).join();
              document.body.dataset.pids = pids;
              document.body.dataset.sort = heads[0].parentNode.getAttribute("aria-sort");
              const press = (canvas, key) => canvas.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
              const strip = document.querySelector("#strips canvas");
              strip.focus();
              press(strip, "ArrowRight");
              document.body.dataset.strip = document.getElementById("tip").textContent;
              const heat = document.querySelector("#heat canvas");
              heat.focus();
              press(heat, "ArrowRight");
              press(heat, "ArrowRight");
              document.body.dataset.heat = document.getElementById("tip").textContent;
              document.querySelector("#processes button.more").click();
              document.body.dataset.bars = document.querySelectorAll("#bars .row").length;
            </script>
            </body>
            """;
        var estimate = MadeUpEstimate.Of(100);
        var (document, console) = Chromium.Load(Render(estimate).Replace("</body>", Visitor, StringComparison.Ordinal));
        Assert.Empty(console);
        var body = Between(document, "<body", ">");
        Assert.Contains("data-sort=\"descending\"", body);
        Assert.Contains($"data-pids=\"{string.Join(',', estimate.Targets.Select(target => target.Pid).OrderDescending())}\"", body);
        Assert.Matches("data-strip=\"[^\"]*0x555555400000 [^\"]*% duplicate", body);
        Assert.Contains("in common", Between(body, "data-heat=\"", "\""));
        Assert.Contains("data-bars=\"100\"", body);
    }

    private static string Render(Estimate estimate, string host = "node-17") =>
        HtmlReport.Render(estimate, new EstimateOptions(), new ReportOrigin(host, "6.18.5", DateTimeOffset.UnixEpoch));

    private static string Between(string text, string from, string to)
    {
        var start = text.IndexOf(from, StringComparison.Ordinal);
        Assert.True(start >= 0, $"{from} is not in the document");
        start += from.Length;
        return text[start..text.IndexOf(to, start, StringComparison.Ordinal)];
    }

    private static long Value(string text, string of) =>
        long.Parse(Between(Between(text, of, ">"), "data-value=\"", "\""), CultureInfo.InvariantCulture);
}
