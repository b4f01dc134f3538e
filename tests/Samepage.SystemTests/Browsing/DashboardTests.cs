using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Samepage.Server.Http;
using Samepage.SystemTests.Serving;

namespace Samepage.SystemTests.Browsing;

/// <summary>The dashboard in a real browser, of a real daemon with the real ksmd in its hands.</summary>
public sealed class DashboardTests : IDisposable
{
    private const string Rows = "[...document.querySelectorAll('#process-table tbody tr[data-pid]')]";
    private const string IsLive = "document.getElementById('live').dataset.state === 'live'";

    /// <summary>What a process may call itself that a careless page would run.</summary>
    private const string Hostile = "<img src=q>";

    private readonly string _directory = Directory.CreateTempSubdirectory("samepage-page-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void It_shows_what_merges_and_follows_when_more_comes()
    {
        using var lease = KsmdLease.Take();
        Write("[governor]\ncpu_budget_percent = 50\n");
        using var daemon = new ServeProcess(_directory, Holder("a") + Holder(Hostile) + Later("late"));
        daemon.Expect("READY=1");
        using var browser = new Browser();
        browser.Open(Address(daemon));
        browser.Until(IsLive);
        browser.Until($"{Rows}.length === 2 && {Rows}.every(row => row.dataset.saved > 20e6)", seconds: 150);
        browser.Until("/^(> )?[0-9.]+×$/.test(document.getElementById('coverage-number').textContent)");
        Assert.Matches("^If every merged page broke apart tonight, the host would need [0-9.]+ [MG]iB ", Text(browser, "#meaning"));
        Assert.Contains(Hostile, Names(browser));
        Assert.Equal(0, browser.Value("document.querySelectorAll('main img').length")!.GetValue<int>());

        File.WriteAllText(Path.Combine(_directory, "go"), "");
        browser.Until($"{Rows}.some(row => row.querySelector('.name').textContent === 'late' && row.dataset.saved > 20e6)", seconds: 150);
        AssertSortsAndSearches(browser);
        AssertDecisions(browser);
        AssertPlans(browser);
        AssertEstimates(browser, daemon);

        // The browser notes the plan that was refused; nothing else was wrong.
        Assert.Single(browser.Complaints);
        Assert.Contains("/api/v1/plan?", browser.Complaints[0], StringComparison.Ordinal);
        Assert.Equal(0, daemon.End("TERM"));
    }

    [Fact]
    public void It_survives_the_daemon_s_restart()
    {
        using var browser = new Browser();
        int port;
        using (var daemon = new ServeProcess(_directory, "", "--dry-run"))
        {
            daemon.Expect("READY=1");
            port = daemon.Port;
            browser.Open(Address(daemon));
            browser.Until(IsLive);
            Assert.Empty(browser.Complaints);
            Assert.Equal(0, daemon.End("TERM"));
        }

        browser.Until("/^not reachable since [0-9:]+$/.test(document.getElementById('live').textContent)");
        Assert.Contains("What you see is from ", Text(browser, "#notices"), StringComparison.Ordinal);
        using var next = new ServeProcess(_directory, port, "", "--dry-run");
        next.Expect("READY=1");
        browser.Until(IsLive);
        Assert.DoesNotContain("not been reachable", Text(browser, "#notices"), StringComparison.Ordinal);

        // While nobody listened the browser itself said so, for each request; the page's own code said nothing.
        Assert.All(browser.Complaints, complaint => Assert.Contains("ERR_CONNECTION_REFUSED", complaint, StringComparison.Ordinal));
        Assert.Equal(0, next.End("TERM"));
    }

    [Fact]
    public void It_works_below_a_path_and_without_the_chart_library()
    {
        using var daemon = new ServeProcess(_directory, "", "--dry-run");
        daemon.Expect("READY=1");
        using var browser = new Browser();
        using (var proxy = new PathProxy(daemon.Port))
        {
            browser.Open(proxy.Address);
            browser.Until($"{IsLive} && document.querySelector('#charts .plot canvas')");
        }

        using (var proxy = new PathProxy(daemon.Port, path => path == "/page/uplot.js" ? HttpAnswer.Of(200, "text/javascript", "export default null;\n") : null))
        {
            browser.Open(proxy.Address);
            browser.Until($"{IsLive} && document.querySelector('#charts .plot svg.plain path')?.getAttribute('d').length > 10");
            Assert.Equal(0, browser.Value("document.querySelectorAll('#charts canvas').length")!.GetValue<int>());
        }

        Assert.DoesNotContain(browser.Complaints, complaint => !complaint.Contains("ERR_CONNECTION_REFUSED", StringComparison.Ordinal));
        Assert.Equal(0, daemon.End("TERM"));
    }

    [Fact]
    public void It_can_be_used_by_keyboard_and_screen_reader_in_light_and_dark()
    {
        var axe = Path.Combine(AppContext.BaseDirectory, "axe.min.js");
        Assert.SkipUnless(File.Exists(axe), "axe-core could not be had from the npm registry when the tests were built: accessibility was not checked");
        using var daemon = new ServeProcess(_directory, Holder("none"), "--dry-run");
        daemon.Expect("READY=1");
        using var browser = new Browser();
        foreach (var (width, isDark) in new[] { (1360, false), (1360, true), (390, false), (390, true) })
        {
            browser.Open(Address(daemon), width, 900, isDark);
            browser.Until($"{IsLive} && {Rows}.length === 1 && document.querySelector('#charts .plot canvas')");
            Use(browser);
            Assert.Empty(browser.Complaints);
            browser.Run(File.ReadAllText(axe));
            var violations = Violations(browser);
            Assert.True(violations == "[]", violations);
        }

        // What is wrong is found: a picture without words, and ink that can hardly be seen.
        browser.Run("document.querySelector('main').append(Object.assign(document.createElement('img'), { src: 'data:,' })); document.getElementById('meaning').style.color = '#444';");
        Assert.Contains("image-alt", Violations(browser), StringComparison.Ordinal);
        Assert.Contains("color-contrast", Violations(browser), StringComparison.Ordinal);
        Assert.Equal(0, daemon.End("TERM"));
    }

    /// <summary>Opens whatever can be opened, by keyboard where there is one way to.</summary>
    private static void Use(Browser browser)
    {
        browser.Value("document.querySelector('#process-table .name').focus()");
        browser.Press("Enter", 13);
        browser.Until("document.querySelector('#process-table .name').getAttribute('aria-expanded') === 'true' && document.querySelector('.detail li, .detail .empty')");
        browser.Value("document.querySelectorAll('details').forEach(part => part.open = true)");
        browser.Value("document.querySelector('#charts .plot').focus()");
        browser.Press("ArrowLeft", 37);
        browser.Until("document.querySelector('#charts .plot').getAttribute('aria-description')");
        browser.Value("document.querySelector('#plan').requestSubmit()");
        browser.Until("document.querySelector('#plan-result .answer')");
        browser.Value("document.querySelector('.coverage .term').click()");
        browser.Until("!document.getElementById('tip').hidden");
    }

    private static string Violations(Browser browser) => browser.Value(
        "axe.run(document, { resultTypes: ['violations'] }).then(result => JSON.stringify(result.violations.map(one => [one.id, one.nodes.map(node => node.target.join(' ') + ': ' + node.failureSummary)])))")!.GetValue<string>();

    private static void AssertSortsAndSearches(Browser browser)
    {
        browser.Value("document.querySelector('#process-table th[data-key=title] button').click()");
        var names = Names(browser);
        Assert.Equal(names.Order(StringComparer.OrdinalIgnoreCase), names);
        Assert.Equal("ascending", browser.Value("document.querySelector('#process-table th[data-key=title]').getAttribute('aria-sort')")!.GetValue<string>());
        browser.Value("document.querySelector('#process-table th[data-key=title] button').click()");
        Assert.Equal(Enumerable.Reverse(names), Names(browser));

        Search(browser, "late");
        Assert.Equal(["late"], Names(browser));
        Search(browser, "nobody is called so");
        Assert.Equal("Nothing here is called “nobody is called so”.", Text(browser, "#process-table tbody"));
        Search(browser, "");
        Assert.Equal(3, Names(browser).Length);
    }

    private static void AssertDecisions(Browser browser)
    {
        browser.Until("document.querySelectorAll('#decision-table tbody tr[data-who=governor]').length > 0");
        browser.Value("(select => { select.value = 'governor'; select.dispatchEvent(new Event('change')); })(document.getElementById('decision-who'))");
        Assert.Equal(0, browser.Value("document.querySelectorAll('#decision-table tbody tr:not([data-who=governor])').length")!.GetValue<int>());
    }

    private static void AssertPlans(Browser browser)
    {
        browser.Value("(form => { form.elements.host.value = '16G'; form.elements.guest_size.value = '2G'; form.requestSubmit(); })(document.getElementById('plan'))");
        browser.Until("document.querySelector('#plan-result .answer')");
        Assert.Matches("^[0-9]+ guests of 2.0 GiB fit\\. ", Text(browser, "#plan-result .answer"));
        browser.Value("(form => { form.elements.guest_size.value = 'much'; form.requestSubmit(); })(document.getElementById('plan'))");
        browser.Until("document.querySelector('#plan-result .notice')");
        Assert.Contains("not 'much'", Text(browser, "#plan-result"), StringComparison.Ordinal);
    }

    /// <summary>What the page shows is what the verb says of the same processes: they stand still, and ksmd has merged them.</summary>
    private static void AssertEstimates(Browser browser, ServeProcess daemon)
    {
        browser.Until("!document.getElementById('estimate').disabled");
        browser.Value("document.getElementById('estimate').click()");
        browser.Until("document.querySelectorAll('#estimate-result .matrix tbody tr').length === 3", seconds: 90);
        var shown = browser.Value("[...document.querySelectorAll('#estimate-result [data-contents]')].map(cell => Number(cell.dataset.contents))")!.AsArray().Select(cell => cell!.GetValue<long>());
        var told = JsonNode.Parse(daemon.Get("/api/v1/estimate").Text)!["estimate"]!;
        Assert.Equal("samepage.estimate/1", told["schema"]!.GetValue<string>());
        Assert.Equal(told["sharing"]!["shared_contents"]!.AsArray().SelectMany(row => row!.AsArray()).Select(cell => cell!.GetValue<long>()), shown);
        Assert.True(told["sharing"]!["shared_contents"]![0]![1]!.GetValue<long>() >= 10_000, "the programs hold 10,000 equal pages");
        browser.Until("!document.querySelector('#plan option[value=estimate]').disabled");
    }

    private static void Search(Browser browser, string text) =>
        browser.Value($"(box => {{ box.value = {JsonSerializer.Serialize(text)}; box.dispatchEvent(new Event('input')); }})(document.getElementById('search'))");

    private static string[] Names(Browser browser) =>
        [.. browser.Value($"{Rows}.map(row => row.querySelector('.name').textContent)")!.AsArray().Select(name => name!.GetValue<string>())];

    private static string Text(Browser browser, string selector) =>
        browser.Value($"document.querySelector({JsonSerializer.Serialize(selector)}).textContent")!.GetValue<string>();

    private static string Address(ServeProcess daemon) => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{daemon.Port}/");

    /// <summary>A program of that name which holds 10,000 pages, the same in each; they are of the merging kind.</summary>
    private string Holder(string name) => $" (echo fill 1; sleep 600) | {Named(name)} region 10000 10000 >/dev/null & ";

    /// <summary>One that starts when the file is there.</summary>
    private string Later(string name) =>
        $" (while [ ! -e {_directory}/go ]; do sleep 0.2; done; (echo fill 1; sleep 600) | {Named(name)} region 10000 10000 >/dev/null) & ";

    private string Named(string name)
    {
        var copy = Path.Combine(_directory, name);
        File.Copy(TargetProgram.Compile("holder"), copy);
        return $"'{copy}'";
    }

    private void Write(string policy) => File.WriteAllText(Path.Combine(_directory, "samepage.toml"), policy);
}
