using System.Text.Json;
using System.Text.RegularExpressions;
using Samepage.Merging.User.Keeping;
using Samepage.Server.Http;
using Samepage.Tests.Serving;

namespace Samepage.Tests.Monitoring;

/// <summary>The alerts and the dashboard ask for nothing that the daemon does not tell.</summary>
public sealed partial class PackagedMonitoringTests
{
    private static readonly string s_root = Root();

    [Fact]
    public void The_dashboard_asks_for_metrics_that_there_are()
    {
        var dashboard = JsonDocument.Parse(File.ReadAllText($"{s_root}/packaging/grafana/samepage.json")).RootElement;
        var asked = Expressions(dashboard).SelectMany(Names).ToHashSet();
        Assert.True(asked.Count >= 20, $"only {asked.Count} metrics are on it");
        Assert.Empty(asked.Except(Exported()));
        var panels = dashboard.GetProperty("panels").EnumerateArray().ToList();
        Assert.Equal(panels.Count, panels.Select(panel => panel.GetProperty("id").GetInt32()).Distinct().Count());
        Assert.All(panels, panel => Assert.NotEqual(0, panel.GetProperty("targets").GetArrayLength()));
    }

    [Fact]
    public void The_alerts_ask_for_metrics_that_there_are_and_each_has_its_page()
    {
        var rules = File.ReadAllText($"{s_root}/packaging/prometheus/samepage.rules.yml");
        var asked = rules.Split('\n').Where(line => !line.TrimStart().StartsWith('#')).SelectMany(Names).Where(name => name != "samepage_").ToHashSet();
        Assert.Empty(asked.Except(Exported()));
        var alerts = AlertLine().Matches(rules).Select(match => match.Groups[1].Value).ToList();
        Assert.True(alerts.Count >= 8);
        Assert.Equal(alerts.Count, Regex.Count(rules, "(?m)^ +summary: ."));
        Assert.Equal(
            alerts.Select(alert => $"docs/operating/alerts.md#{alert.ToLowerInvariant()}"), RunbookLine().Matches(rules).Select(match => match.Groups[1].Value));
        var page = File.ReadAllText($"{s_root}/docs/operating/alerts.md");
        Assert.All(alerts, alert => Assert.Contains($"\n## {alert}\n", page, StringComparison.Ordinal));
        var tried = File.ReadAllText($"{s_root}/packaging/prometheus/samepage.rules.test.yml");
        Assert.All(alerts, alert => Assert.True(Regex.Count(tried, $"alertname: {alert}\\b") >= 2, $"{alert} is not tried, both ways"));
    }

    [Fact]
    public void The_documentation_names_all_metrics()
    {
        var page = File.ReadAllText($"{s_root}/docs/operating/serve.md");
        Assert.All(Exported(), name => Assert.Contains($"`{name["samepage_".Length..]}`", page, StringComparison.Ordinal));
    }

    private static IEnumerable<string> Expressions(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(property =>
            property.Name is "expr" or "query" && property.Value.ValueKind == JsonValueKind.String ? [property.Value.GetString()!] : Expressions(property.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(Expressions),
        _ => [],
    };

    private static IEnumerable<string> Names(string expression) => MetricName().Matches(expression).Select(match => match.Value);

    /// <summary>What a daemon tells, by its own types; on a host that lacks nothing.</summary>
    private static HashSet<string> Exported()
    {
        using var host = new MadeUpHost();
        host.SetKnob("general_profit", "5");
        using var daemon = host.Start();
        host.Pass(daemon, 2);
        var text = MetricsText.Of(daemon.Status!, [], new BesideFigures(Array.Empty<DomainReport>(), new Dictionary<string, bool>(), true));
        return [.. TypeLine().Matches(text).Select(match => match.Groups[1].Value)];
    }

    private static string Root()
    {
        var directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "Samepage.slnx")))
        {
            directory = Path.GetDirectoryName(directory)!;
        }

        return directory;
    }

    [GeneratedRegex("samepage_[a-z_]+")]
    private static partial Regex MetricName();

    [GeneratedRegex("(?m)^# TYPE (samepage_[a-z_]+) ")]
    private static partial Regex TypeLine();

    [GeneratedRegex("(?m)^ +- alert: (\\w+)$")]
    private static partial Regex AlertLine();

    [GeneratedRegex("(?m)^ +runbook_url: (\\S+)$")]
    private static partial Regex RunbookLine();
}
