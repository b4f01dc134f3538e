using System.Diagnostics;
using System.Net;
using System.Text.Json;

namespace Samepage.SystemTests.Serving;

/// <summary>A real Prometheus that scrapes one host each second and follows the rules that are packaged. Killed when disposed of.</summary>
internal sealed class PrometheusServer : IDisposable
{
    private readonly Process _process;
    private readonly HttpClient _client;
    private readonly Task<string> _errors;

    /// <summary>Starts it.</summary>
    /// <param name="executable">The program.</param>
    /// <param name="directory">For its configuration and data.</param>
    /// <param name="address">Where it listens.</param>
    /// <param name="host">Whom it scrapes.</param>
    /// <param name="rules">The directory of the rules.</param>
    public PrometheusServer(string executable, string directory, IPEndPoint address, IPEndPoint host, string rules)
    {
        File.WriteAllText(Path.Combine(directory, "prometheus.yml"), $$"""
            global: {scrape_interval: 1s, evaluation_interval: 1s}
            rule_files: ["{{rules}}/samepage.rules.yml"]
            scrape_configs: [{job_name: samepage, static_configs: [{targets: ["{{host}}"]}]}]
            """);
        _client = new HttpClient { BaseAddress = new Uri($"http://{address}"), Timeout = TimeSpan.FromSeconds(5) };
        _process = Tool.Start(executable, [
            $"--config.file={directory}/prometheus.yml", $"--storage.tsdb.path={directory}/data", $"--web.listen-address={address}", "--log.level=error"]);
        _errors = _process.StandardError.ReadToEndAsync();
    }

    /// <summary>Waits until something holds; until it listens nothing does.</summary>
    public void Until(Func<bool> holds)
    {
        var clock = Stopwatch.StartNew();
        while (!Holds())
        {
            Assert.False(_process.HasExited, _process.HasExited ? $"it ended: {_errors.GetAwaiter().GetResult()}" : "");
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(60), "it never came");
            Thread.Sleep(300);
        }

        bool Holds()
        {
            try
            {
                return holds();
            }
            catch (Exception starting) when (starting is HttpRequestException or TaskCanceledException or JsonException)
            {
                return false;
            }
        }
    }

    /// <summary>How many series an expression comes to now, or why Prometheus refuses it.</summary>
    public (int Results, string? Error) Query(string expression)
    {
        var answer = Ask($"/api/v1/query?query={Uri.EscapeDataString(expression)}");
        return answer.GetProperty("status").GetString() == "success"
            ? (answer.GetProperty("data").GetProperty("result").GetArrayLength(), null)
            : (0, answer.GetProperty("error").GetString());
    }

    /// <summary>How many values a label has among series.</summary>
    public int LabelValues(string label, string series) =>
        Ask($"/api/v1/label/{label}/values?match[]={Uri.EscapeDataString(series)}").GetProperty("data").GetArrayLength();

    /// <summary>The alert's state: "pending", "firing", or "" where it is not raised.</summary>
    public string AlertState(string alert) => Ask("/api/v1/alerts").GetProperty("data").GetProperty("alerts").EnumerateArray()
        .Where(raised => raised.GetProperty("labels").GetProperty("alertname").GetString() == alert)
        .Select(raised => raised.GetProperty("state").GetString()!).FirstOrDefault("");

    public void Dispose()
    {
        _client.Dispose();
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private JsonElement Ask(string path)
    {
        using var answer = _client.GetAsync(new Uri(path, UriKind.Relative)).GetAwaiter().GetResult();
        return JsonDocument.Parse(answer.Content.ReadAsStringAsync().GetAwaiter().GetResult()).RootElement;
    }
}
