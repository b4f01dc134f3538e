using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Samepage.SystemTests.Serving;

/// <summary>The alerts in the real Prometheus: as promtool tries them on hosts made up over hours, and scraped from one made up now.</summary>
public sealed class PrometheusTests : IDisposable
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
        var prometheus = Program("SAMEPAGE_PROMETHEUS", "prometheus");
        using var host = new MetricsHost("# TYPE samepage_guard_admission_refused gauge\nsamepage_guard_admission_refused 1\n# TYPE samepage_coverage_ratio gauge\nsamepage_coverage_ratio{scope=\"host\"} 0.9\n");
        var port = FreePort();
        File.WriteAllText(Path.Combine(_directory, "prometheus.yml"), $$"""
            global: {scrape_interval: 1s, evaluation_interval: 1s}
            rule_files: ["{{MonitoringDirectory()}}/samepage.rules.yml"]
            scrape_configs: [{job_name: samepage, static_configs: [{targets: ["127.0.0.1:{{host.Port}}"]}]}]
            """);
        using var server = Tool.Start(prometheus, [
            $"--config.file={_directory}/prometheus.yml", $"--storage.tsdb.path={_directory}/data", $"--web.listen-address=127.0.0.1:{port}", "--log.level=error"], new Dictionary<string, string>());
        server.ErrorDataReceived += (_, _) => { };
        server.BeginErrorReadLine();
        try
        {
            using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TimeSpan.FromSeconds(5) };
            Assert.Equal("firing", Wait(client, "SamepageAdmissionRefused", state => state == "firing"));

            // This one waits for its two minutes.
            Assert.Equal("pending", Wait(client, "SamepageCoverageBelowOne", state => state.Length > 0));
            Assert.Equal("", State(client, "SamepageKeeperDown"));
            host.Text = "# TYPE samepage_guard_admission_refused gauge\nsamepage_guard_admission_refused 0\n";
            Assert.Equal("", Wait(client, "SamepageAdmissionRefused", state => state.Length == 0));
        }
        finally
        {
            server.Kill();
            server.WaitForExit();
        }
    }

    private static string Wait(HttpClient client, string alert, Func<string, bool> holds)
    {
        var state = "";
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < TimeSpan.FromSeconds(60); Thread.Sleep(300))
        {
            try
            {
                if (holds(state = State(client, alert)))
                {
                    break;
                }
            }
            catch (Exception starting) when (starting is HttpRequestException or TaskCanceledException or JsonException)
            {
                // It does not listen yet.
            }
        }

        return state;
    }

    /// <summary>The alert's state: "pending", "firing", or "" where it is not raised.</summary>
    private static string State(HttpClient client, string alert)
    {
        var text = client.GetStringAsync(new Uri("/api/v1/alerts", UriKind.Relative)).GetAwaiter().GetResult();
        return JsonDocument.Parse(text).RootElement.GetProperty("data").GetProperty("alerts").EnumerateArray()
            .Where(raised => raised.GetProperty("labels").GetProperty("alertname").GetString() == alert)
            .Select(raised => raised.GetProperty("state").GetString()!).FirstOrDefault("");
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

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>A host that says what the test wants.</summary>
    private sealed class MetricsHost : IDisposable
    {
        private readonly HttpListener _listener = new();

        public MetricsHost(string text)
        {
            (Text, Port) = (text, FreePort());
            _listener.Prefixes.Add($"http://127.0.0.1:{Port}/");
            _listener.Start();
            _ = Serve();
        }

        public string Text { get; set; }

        public int Port { get; }

        public void Dispose() => _listener.Close();

        private async Task Serve()
        {
            while (_listener.IsListening)
            {
                try
                {
                    var context = await _listener.GetContextAsync();
                    context.Response.ContentType = "text/plain; version=0.0.4";
                    await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(Text));
                    context.Response.Close();
                }
                catch (Exception ended) when (ended is HttpListenerException or ObjectDisposedException)
                {
                    return;
                }
            }
        }
    }
}
