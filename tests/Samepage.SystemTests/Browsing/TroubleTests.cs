using System.Collections.Concurrent;
using System.Text.Json;
using Samepage.Server.Http;

namespace Samepage.SystemTests.Browsing;

/// <summary>The page of a daemon that answers in part, or not any more; made up, so that no host is in it.</summary>
public sealed class TroubleTests : IDisposable
{
    private const string IsLive = "document.getElementById('live').dataset.state === 'live'";
    private const string PlotRows = "document.querySelectorAll('#time-table tbody tr').length";
    private readonly MadeUpDashboard _made = new();
    private readonly ConcurrentDictionary<string, HttpAnswer> _instead = [];
    private readonly HttpServer _server;
    private readonly string _address;

    public TroubleTests()
    {
        var endpoint = Loopback.Free();
        _server = HttpServer.Start(endpoint, (path, query) => _instead.GetValueOrDefault(path) ?? _made.Answer(path, query));
        _address = $"http://{endpoint}/";
    }

    public void Dispose() => _server.Dispose();

    [Fact]
    public void A_history_in_trouble_takes_nothing_away_and_is_asked_for_again()
    {
        using var browser = Open();
        browser.Value("document.getElementById('time-table').open = true");
        browser.Until($"{PlotRows} > 30");
        Refuse("/api/v1/history", 503, "the history cannot be read for now: disk I/O error");
        Skip(browser, 31);
        browser.Until("document.querySelector('#time .trouble').textContent.includes('disk I/O error')");
        Assert.True(browser.Value(PlotRows)!.GetValue<int>() > 30, "the past is gone");
        Assert.DoesNotContain("keeps no history", Text(browser, "#time-lead"), StringComparison.Ordinal);
        Assert.True(browser.Value(IsLive)!.GetValue<bool>());

        _instead.Clear();
        Skip(browser, 11);
        browser.Until("document.querySelector('#time .trouble').textContent === ''");
        Assert.True(browser.Value(PlotRows)!.GetValue<int>() > 30);
    }

    [Fact]
    public void What_is_refused_is_said_where_it_belongs_and_the_daemon_is_reachable()
    {
        (string Path, string Section)[] parts = [("processes", "processes"), ("domains", "domains"), ("decisions", "decisions"), ("estimate", "sharing"), ("dashboard", "time")];
        foreach (var (path, _) in parts)
        {
            Refuse($"/api/v1/{path}", 500, $"no {path} today");
        }

        using var browser = Open();
        foreach (var (path, section) in parts)
        {
            browser.Until($"document.querySelector('#{section} .trouble').textContent.endsWith('no {path} today')");
        }

        // Two rounds later it still is.
        browser.Value("new Promise(done => setTimeout(done, 4500))");
        Assert.Equal("live", Text(browser, "#live"));
        Assert.Equal("", Text(browser, "#notices"));
        Assert.EndsWith("×", Text(browser, "#coverage-number"), StringComparison.Ordinal);
        _instead.Clear();
        Skip(browser, 11);
        browser.Until("[...document.querySelectorAll('.trouble')].every(box => box.textContent === '')");
        browser.Until($"document.querySelectorAll('#process-table tbody tr[data-pid]').length === {_made.Rows}");
        browser.Until("document.querySelectorAll('#estimate-result .matrix tbody tr').length === 16 && document.querySelectorAll('#decision-table tbody tr[data-number]').length > 0");
    }

    [Fact]
    public void A_daemon_that_is_lost_leaves_a_page_that_can_be_read()
    {
        var axe = Path.Combine(AppContext.BaseDirectory, "axe.min.js");
        Assert.SkipUnless(File.Exists(axe), "axe-core could not be had from the npm registry when the tests were built: accessibility was not checked");
        using var browser = Open();
        browser.Until($"document.querySelectorAll('#process-table tbody tr[data-pid]').length === {_made.Rows}");
        Refuse("/api/v1/domains", 500, "no domains today");
        browser.Until("document.querySelector('#domains .trouble').textContent.endsWith('no domains today')");
        Refuse("/api/v1/status", 503, "starting");
        browser.Until("document.body.hasAttribute('data-lost')");
        Assert.StartsWith("not reachable since ", Text(browser, "#live"), StringComparison.Ordinal);
        browser.Run(File.ReadAllText(axe));
        foreach (var isDark in new[] { false, true })
        {
            browser.Look(1360, 1000, isDark);
            var violations = browser.Value("axe.run(document, { resultTypes: ['violations'] }).then(result => JSON.stringify(result.violations.map(one => [one.id, one.nodes.slice(0, 3).map(node => node.target.join(' ') + ': ' + node.failureSummary)])))")!.GetValue<string>();
            Assert.True(violations == "[]", violations);
        }

        _instead.Clear();
        browser.Until($"{IsLive} && !document.body.hasAttribute('data-lost')");
    }

    /// <summary>A daemon forgets with its end; its history does not.</summary>
    [Fact]
    public void Decisions_go_on_with_those_of_the_history()
    {
        _made.DecisionsKept = 1040;
        using var browser = Open();
        browser.Until("document.getElementById('decisions-lead').textContent === 'The latest 500 decisions, newest first'");
        const string Shown = "document.querySelector('#decision-table tfoot').textContent + document.getElementById('decisions-lead').textContent";
        while (Text(browser, "#decision-table tfoot").Length > 0)
        {
            var before = browser.Value(Shown)!.ToJsonString();
            browser.Value("document.querySelector('#decision-table tfoot button').click()");
            browser.Until($"{Shown} !== {before}");
        }

        Assert.Equal("The latest 1,040 decisions, newest first", Text(browser, "#decisions-lead"));
        var times = browser.Value("[...document.querySelectorAll('#decision-table time')].map(time => Date.parse(time.dateTime))")!.AsArray().Select(time => time!.GetValue<long>()).ToList();
        Assert.Equal(1040, times.Count);
        Assert.Equal(times.Distinct().OrderDescending(), times);
    }

    [Fact]
    public void An_estimate_that_somebody_else_asked_for_appears()
    {
        _made.Estimates = 0;
        using var browser = Open();
        browser.Until("!document.getElementById('estimate').disabled");
        Assert.Equal("", Text(browser, "#estimate-result"));
        _made.Estimates = 1;
        Skip(browser, 11);
        browser.Until("document.querySelectorAll('#estimate-result .matrix tbody tr').length === 16");
    }

    [Fact]
    public void The_tightest_group_stands_beside_a_calm_host()
    {
        using var browser = Open();
        browser.Until("!document.getElementById('tightest').hidden");
        Assert.Equal("calm", Text(browser, "#level"));
        Assert.Equal("Tightest: /machine.slice/ci 1.20×, growth held", Text(browser, "#tightest"));
        Assert.Matches("^[0-9.]+× covered, tightest 1.20× · Samepage$", browser.Value("document.title")!.GetValue<string>());
    }

    private Browser Open()
    {
        var browser = new Browser();
        browser.Open(_address);
        browser.Until(IsLive);
        browser.Value("(real => { window.skipped = 0; performance.now = () => real() + window.skipped; })(performance.now.bind(performance))");
        return browser;
    }

    /// <summary>Puts the page's own clock forward, so that nobody waits for what is asked for now and then only.</summary>
    private static void Skip(Browser browser, int seconds) => browser.Value($"window.skipped += {seconds * 1000}");

    private void Refuse(string path, int status, string reason) => _instead[path] = HttpAnswer.Of(status, HttpAnswer.Text, reason + "\n");

    private static string Text(Browser browser, string selector) =>
        browser.Value($"document.querySelector({JsonSerializer.Serialize(selector)}).textContent")!.GetValue<string>();
}
