using System.Text.Json;
using System.Text.RegularExpressions;
using Samepage.Server.Http;
using Samepage.SystemTests.Browsing;

namespace Samepage.SystemTests.Serving;

/// <summary>The alerts in the real Prometheus: as promtool tries them on hosts made up over hours, and scraped from one made up now.</summary>
public sealed partial class PrometheusTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("samepage-prometheus-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Each_alert_fires_when_it_should_and_not_before()
    {
        var promtool = Program("SAMEPAGE_PROMTOOL", "promtool");
        var rules = Path.Combine(MonitoringDirectory(), "samepage.rules.yml");
        Assert.Equal(0, Tool.Run(promtool, ["check", "rules", rules]).Status);
        var tried = Tool.Run(promtool, ["test", "rules", Path.Combine(MonitoringDirectory(), "samepage.rules.test.yml")]);
        Assert.True(tried.Status == 0, tried.Output + tried.Errors);

        // The control: with a threshold turned round the same tests must fail.
        File.WriteAllText(Path.Combine(_directory, "samepage.rules.yml"), File.ReadAllText(rules).Replace("samepage_keeper_up == 0", "samepage_keeper_up == 1", StringComparison.Ordinal));
        File.Copy(Path.Combine(MonitoringDirectory(), "samepage.rules.test.yml"), Path.Combine(_directory, "samepage.rules.test.yml"));
        Assert.NotEqual(0, Tool.Run(promtool, ["test", "rules", Path.Combine(_directory, "samepage.rules.test.yml")]).Status);
    }

    [Fact]
    public void A_real_Prometheus_scrapes_a_made_up_host_and_raises_what_is_due()
    {
        var text = "# TYPE samepage_guard_admission_refused gauge\nsamepage_guard_admission_refused 1\n# TYPE samepage_coverage_ratio gauge\nsamepage_coverage_ratio{scope=\"host\"} 0.9\n";
        var host = Loopback.Free();
        using var told = HttpServer.Start(host, (_, _) => HttpAnswer.Of(200, HttpAnswer.Metrics, text));
        using var prometheus = new PrometheusServer(Program("SAMEPAGE_PROMETHEUS", "prometheus"), _directory, Loopback.Free(), host, MonitoringDirectory());
        prometheus.Until(() => prometheus.AlertState("SamepageAdmissionRefused") == "firing");

        // This one waits for its two minutes.
        prometheus.Until(() => prometheus.AlertState("SamepageCoverageBelowOne") == "pending");
        Assert.Equal("", prometheus.AlertState("SamepageKeeperDown"));
        text = "# TYPE samepage_guard_admission_refused gauge\nsamepage_guard_admission_refused 0\n";
        prometheus.Until(() => prometheus.AlertState("SamepageAdmissionRefused") == "");
    }

    /// <summary>Grafana asks Prometheus for what its panels say, with its variables filled in; so does this.</summary>
    [Fact]
    public void Each_panel_of_the_Grafana_dashboard_has_something_to_show()
    {
        var made = new MadeUpDashboard();
        var host = Loopback.Free();
        using var told = HttpServer.Start(host, (_, _) => made.Metrics());
        using var prometheus = new PrometheusServer(Program("SAMEPAGE_PROMETHEUS", "prometheus"), _directory, Loopback.Free(), host, MonitoringDirectory());
        prometheus.Until(() => prometheus.Query("count_over_time(up[1m]) > 3").Results > 0);
        var dashboard = JsonDocument.Parse(File.ReadAllText(Path.Combine(MonitoringDirectory(), "..", "grafana", "samepage.json"))).RootElement;
        var asked = 0;
        foreach (var panel in dashboard.GetProperty("panels").EnumerateArray())
        {
            foreach (var target in panel.GetProperty("targets").EnumerateArray())
            {
                var expression = target.GetProperty("expr").GetString()!;
                var answer = prometheus.Query(FilledIn(expression));
                Assert.True(answer.Results > 0, $"{panel.GetProperty("title")} shows nothing: {expression}: {answer.Error}");
                asked++;
            }
        }

        Assert.True(asked >= 25, $"only {asked} expressions were found");
        foreach (var variable in dashboard.GetProperty("templating").GetProperty("list").EnumerateArray())
        {
            var values = LabelValues().Match(variable.GetProperty("query").GetProperty("query").GetString()!);
            Assert.True(values.Success);
            Assert.NotEqual(0, prometheus.LabelValues(values.Groups["label"].Value, FilledIn(values.Groups["series"].Value)));
        }

        // The control: what is misspelled shows nothing, and what is no expression is refused with a reason.
        Assert.Equal((0, null), prometheus.Query("samepage_safed_bytes"));
        Assert.Contains("parse error", prometheus.Query("rate(samepage_ksmd_cpu_seconds_total[1m]").Error, StringComparison.Ordinal);
    }

    private static string FilledIn(string expression)
    {
        var filled = expression.Replace("$job", ".*", StringComparison.Ordinal).Replace("$instance", ".*", StringComparison.Ordinal)
            .Replace("$__rate_interval", "20s", StringComparison.Ordinal);
        Assert.DoesNotContain("$", filled, StringComparison.Ordinal);
        return filled;
    }

    private static string Program(string variable, string name)
    {
        var path = Environment.GetEnvironmentVariable(variable) ?? $"/usr/bin/{name}";
        Assert.SkipUnless(File.Exists(path), $"{name} (apt package prometheus) is missing");
        return path;
    }

    private static string MonitoringDirectory()
    {
        var directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "Samepage.slnx")))
        {
            directory = Path.GetDirectoryName(directory)!;
        }

        return Path.Combine(directory, "packaging", "prometheus");
    }

    [GeneratedRegex(@"^label_values\((?<series>.+), (?<label>\w+)\)$")]
    private static partial Regex LabelValues();
}
