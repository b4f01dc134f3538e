using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Samepage.Cli;
using Samepage.Governing;
using Samepage.Server.Dashboard;
using Samepage.Server.History;
using Samepage.Server.Http;
using Samepage.Server.Loop;

namespace Samepage.Tests.Serving;

/// <summary>What HTTP answers, to whom, and that its description tells the truth.</summary>
public sealed partial class HttpTests : IDisposable
{
    private readonly MadeUpHost _host = new();
    private readonly Daemon _daemon;
    private readonly Routes _routes;
    private readonly HttpServer _server;
    private readonly int _port;
    private readonly string _history;

    public HttpTests()
    {
        _host.Policy("[[rule]]\nname = \"guests\"\nmatch = { comm = \"^qemu\" }\nengine = \"kernel\"\n");
        _host.Process(100, "qemu");
        _host.Merged(64);
        _daemon = _host.Start();
        _host.Pass(_daemon, 4);
        var reader = new MergingReader(_host.Options.Roots.Proc, _host.Options.Roots.Ksm);
        _routes = new Routes(
            () => _daemon.Status, new DecisionSource(_host.Log!, _daemon.RuleOf, () => TimeSpan.Zero),
            new ProcessFigures(() => new ProcessSurvey([new ProcessMerging(7, "we\"ird\\na\nme", 5, 1, 9, OptInKind.Regions, true)], 0, 0, false, false), _host.Clock),
            new HistoryDesk(() => _history, _host.Clock, () => { }),
            () => new BesideFigures([], new Dictionary<string, bool> { ["web"] = false }, true))
        {
            Dashboard = Dashboard(reader),
        };
        _history = Path.Combine(_host.Root, "history.db");
        using (var store = new HistoryStore(new HistoryOptions(_history, 60, 8 << 20), Now))
        {
            var guest = new ProcessIdentity(100, 7, "boot", "qemu", "web & co");
            store.Append(
                new HistorySample(Now - 60, [.. HistorySeries.Host.Select((_, index) => (double?)(index + 0.5))]), [new ProcessSample(guest, 500, 600)],
                [
                    new ToldDecision(LogLevel.Info, new Decision(9, _host.Clock.Day.AddSeconds(-5), "rules", "process", 100, "switched on", "")),
                    new ToldDecision(LogLevel.Info, new Decision(1, _host.Clock.Day, "governor", "host", null, "works", "why not")),
                ]);
        }

        _port = FreePort();
        _server = HttpServer.Start(new IPEndPoint(IPAddress.Loopback, _port), _routes.Answer, _routes.AnswerPost, () => ["samepage.example.org", "myhost"]);
    }

    private DashboardRoutes Dashboard(MergingReader reader)
    {
        var tables = new MergingTables(new MergingSources(
            _host.Options.Roots.Proc, reader, () => [MadeUpDomain.Report()], () => _daemon.RuleNames, () => _daemon.Policy.Rules, _host.Clock));
        var whatIf = new OnlyPlans();
        return new DashboardRoutes(tables, whatIf, new EstimateDesk(whatIf, tables.DomainOf, _host.Clock), () => true);
    }

    public void Dispose()
    {
        _server.Dispose();
        _daemon.Dispose();
        _host.Dispose();
    }

    [Fact]
    public void The_description_names_every_route_and_no_other() => Assert.Equal(
        Routes.Paths.Order(StringComparer.Ordinal),
        Description().GetProperty("paths").EnumerateObject().Select(path => path.Name).Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("/api/v1/status", "Status")]
    [InlineData("/api/v1/decisions", "Decisions")]
    [InlineData("/api/v1/decisions?about=100", "Decisions")]
    [InlineData("/api/v1/decisions?about=host", "Decisions")]
    [InlineData("/api/v1/decisions?before=253402300799", "Decisions")]
    [InlineData("/api/v1/processes", "Processes")]
    [InlineData("/api/v1/domains", "Domains")]
    [InlineData("/api/v1/estimate", "WhatIf")]
    [InlineData("/api/v1/dashboard", "Dashboard")]
    [InlineData("/api/v1/history", "History")]
    [InlineData("/api/v1/history?about=100&points=20", "History")]
    [InlineData("/api/v1/history?about=web+%26%20co", "History")]
    public void The_description_fits_the_answers(string target, string schema)
    {
        var at = target.IndexOf('?', StringComparison.Ordinal);
        var answer = _routes.Answer(at < 0 ? target : target[..at], at < 0 ? "" : target[at..]);
        Assert.Equal(200, answer.Status);
        var description = Description();
        AssertFits(JsonDocument.Parse(answer.Body).RootElement, description.GetProperty("components").GetProperty("schemas"), schema, schema);
    }

    /// <summary>Decisions of a daemon that has ended are in its history, and nowhere else.</summary>
    [Fact]
    public void Decisions_before_a_time_are_the_history_s()
    {
        var at = _host.Clock.Day.ToUnixTimeMilliseconds() / 1000m;
        string[] Told(decimal before) => [.. JsonDocument.Parse(_routes.Answer("/api/v1/decisions", string.Create(CultureInfo.InvariantCulture, $"?before={before}")).Body)
            .RootElement.GetProperty("decisions").EnumerateArray().Select(decision => decision.GetProperty("what").GetString()!)];
        Assert.Equal(["switched on", "works"], Told(at + 0.001m));
        Assert.Equal(["switched on"], Told(at));
        Assert.Empty(Told(at - 5));
    }

    [Theory]
    [InlineData("?before=", 400)]
    [InlineData("?before=-1", 400)]
    [InlineData("?before=1e9", 400)]
    [InlineData("?before=noon", 400)]
    [InlineData("?before=253402300800", 400)]
    [InlineData("?before=99999999999999999999999999999999", 400)]
    [InlineData("?before=5&about=host", 400)]
    [InlineData("?about=host&before=5", 400)]
    [InlineData("?before=0", 200)]
    [InlineData("?before=0.0005", 200)]
    public void Decisions_are_asked_for_in_one_way(string query, int status) => Assert.Equal(status, _routes.Answer("/api/v1/decisions", query).Status);

    [Theory]
    [InlineData("?from=x", 400)]
    [InlineData("?from=5&to=5", 400)]
    [InlineData("?points=1", 400)]
    [InlineData("?points=2001", 400)]
    [InlineData("?points=3&points=4", 400)]
    [InlineData("?about=", 400)]
    [InlineData("?series=all", 400)]
    [InlineData("?to=99999999999999999999", 400)]
    [InlineData("?from=0&to=253402300799&points=2", 200)]
    [InlineData("?about=nobody'; DROP TABLE host; --", 200)]
    public void History_is_asked_for_in_one_way(string query, int status) => Assert.Equal(status, _routes.Answer("/api/v1/history", query).Status);

    [Fact]
    public void Where_no_history_is_kept_that_is_said()
    {
        var none = new HistoryDesk(() => null, _host.Clock, () => { });
        Assert.Equal((404, 404, 404), (none.Answer("").Status, none.Answer("?from=x").Status, none.DecisionsBefore(_host.Clock.Day).Status));
        var suspected = 0;
        File.WriteAllText(_history, new string('x', 8192));
        Assert.Equal(503, new HistoryDesk(() => _history, _host.Clock, () => suspected++).Answer("").Status);
        Assert.Equal(503, new HistoryDesk(() => _history, _host.Clock, () => suspected++).DecisionsBefore(_host.Clock.Day).Status);
        Assert.Equal(2, suspected);
    }

    [Fact]
    public void Metrics_have_help_type_and_names_of_their_kind()
    {
        var text = Encoding.UTF8.GetString(_routes.Answer("/metrics", "").Body);
        var types = TypeLine().Matches(text).ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value);
        Assert.Equal(types.Count, HelpLine().Count(text));
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line[0] != '#'))
        {
            var name = line[..line.IndexOfAny(['{', ' '])];
            Assert.StartsWith("samepage_", name, StringComparison.Ordinal);
            Assert.Equal(name.EndsWith("_total", StringComparison.Ordinal) ? "counter" : "gauge", types[name]);
            Assert.True(double.TryParse(line[(line.LastIndexOf(' ') + 1)..].Replace("+Inf", "1", StringComparison.Ordinal), NumberStyles.Float, CultureInfo.InvariantCulture, out _), line);
        }

        Assert.Contains("samepage_process_saved_bytes{pid=\"7\",name=\"we\\\"ird\\\\na\\nme\"} 24576\n", text, StringComparison.Ordinal);
        Assert.Contains("samepage_keeper_up{domain=\"web\"} 0\n", text, StringComparison.Ordinal);
        Assert.Contains("samepage_exposure_bytes{scope=\"host\"} 67108864\n", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", "HTTP/1.1 200")]
    [InlineData("GET /healthz HTTP/1.1\r\nHost: [::1]:7373\r\n\r\n", "HTTP/1.1 200")]
    [InlineData("HEAD /metrics HTTP/1.1\r\nHost: localhost:7373\r\n\r\n", "HTTP/1.1 200")]
    [InlineData("GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 404")]
    [InlineData("GET /healthz HTTP/1.1\r\nHost: rebound.example\r\n\r\n", "HTTP/1.1 421")]
    [InlineData("GET /healthz HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n\r\n", "HTTP/1.1 403")]
    [InlineData("GET /healthz HTTP/1.1\r\nHost: localhost\r\nOrigin: null\r\n\r\n", "HTTP/1.1 403")]
    [InlineData("GET /healthz HTTP/1.1\r\nHost: localhost:1\r\nOrigin: http://localhost:1\r\n\r\n", "HTTP/1.1 200")]
    [InlineData("GET /healthz HTTP/1.1\r\nHost: myhost:7373\r\n\r\n", "HTTP/1.1 200")]
    [InlineData("GET /healthz HTTP/1.1\r\nHost: Samepage.Example.org\r\nOrigin: https://samepage.example.org\r\n\r\n", "HTTP/1.1 200")]
    [InlineData("GET /healthz HTTP/1.1\r\nHost: sub.samepage.example.org\r\n\r\n", "HTTP/1.1 421")]
    [InlineData("GET /healthz HTTP/1.1\r\nHost: samepage.example.org.evil.example\r\n\r\n", "HTTP/1.1 421")]
    [InlineData("GET /healthz HTTP/1.1\r\nHost: samepage.example.org\r\nOrigin: https://evil.example\r\n\r\n", "HTTP/1.1 403")]
    [InlineData("GET /healthz HTTP/1.1\r\nHost: localhost\r\nOrigin: https://samepage.example.org.evil.example\r\n\r\n", "HTTP/1.1 403")]
    [InlineData("GET /healthz HTTP/1.1\r\nHost: localhost\r\nOrigin: ftp://samepage.example.org\r\n\r\n", "HTTP/1.1 403")]
    [InlineData("GET /healthz HTTP/1.1\r\nHost: rebound.example\r\nOrigin: https://samepage.example.org\r\n\r\n", "HTTP/1.1 421")]
    [InlineData("POST /api/v1/estimate?pid=ls HTTP/1.1\r\nHost: samepage.example.org\r\nOrigin: https://samepage.example.org\r\nSec-Fetch-Site: same-origin\r\nX-Samepage: 1\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 400")]
    [InlineData("POST /api/v1/estimate?pid=ls HTTP/1.1\r\nHost: 127.0.0.1:7373\r\nOrigin: https://samepage.example.org:8443\r\nSec-Fetch-Site: same-origin\r\nX-Samepage: 1\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 400")]
    [InlineData("POST /api/v1/estimate?pid=ls HTTP/1.1\r\nHost: localhost\r\nOrigin: https://samepage.example.org\r\nSec-Fetch-Site: cross-site\r\nX-Samepage: 1\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 403")]
    [InlineData("POST /api/v1/estimate?pid=ls HTTP/1.1\r\nHost: samepage.example.org\r\nOrigin: https://samepage.example.org\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 403")]
    [InlineData("POST /api/v1/status HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 405")]
    [InlineData("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 200")]
    [InlineData("GET /page/main.js HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 200")]
    [InlineData("GET /page/ HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 404")]
    [InlineData("GET /page/../api HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 404")]
    [InlineData("GET /api/v1/plan?guest_size=1G&host=16G HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 200")]
    [InlineData("GET /api/v1/plan?guest_size=1G&guest_size=2G HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 400")]
    [InlineData("GET /api/v1/plan?guest_size=much HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 400")]
    [InlineData("GET /api/v1/plan HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 400")]
    [InlineData("GET /api/v1/plan?guest_size=1G&profile=estimate HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 400")]
    [InlineData("POST /api/v1/estimate?pid=100 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 403")]
    [InlineData("POST /api/v1/estimate?pid=100 HTTP/1.1\r\nHost: localhost\r\nX-Samepage: 1\r\nOrigin: http://evil.example\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 403")]
    [InlineData("POST /api/v1/estimate?pid=100 HTTP/1.1\r\nHost: localhost\r\nX-Samepage: 1\r\nSec-Fetch-Site: cross-site\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 403")]
    [InlineData("POST /api/v1/estimate?pid=100 HTTP/1.1\r\nHost: rebound.example\r\nX-Samepage: 1\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 421")]
    [InlineData("POST /api/v1/estimate?pid=101 HTTP/1.1\r\nHost: localhost\r\nX-Samepage: 1\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 403")]
    [InlineData("POST /api/v1/estimate?pid=ls HTTP/1.1\r\nHost: localhost\r\nX-Samepage: 1\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 400")]
    [InlineData("POST /api/v1/estimate?pid=100 HTTP/1.1\r\nHost: localhost\r\nX-Samepage: 1\r\nContent-Length: 5\r\n\r\nhello", "HTTP/1.1 413")]
    [InlineData("OPTIONS /api/v1/estimate HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\nAccess-Control-Request-Method: POST\r\n\r\n", "HTTP/1.1 405")]
    [InlineData("DELETE / HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 405")]
    [InlineData("GET /api/v1/decisions?about=../x HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 400")]
    [InlineData("GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "HTTP/1.1 400")]
    [InlineData("\0\u0001\u0002 nonsense\r\n\r\n", "HTTP/1.1 400")]
    public void Requests_are_answered_as_they_deserve(string request, string status)
    {
        var answer = Send(Encoding.Latin1.GetBytes(request));
        Assert.StartsWith(status, answer, StringComparison.Ordinal);
        Assert.True(!request.StartsWith("HEAD", StringComparison.Ordinal) || answer.EndsWith("\r\n\r\n", StringComparison.Ordinal), answer);
    }

    [Fact]
    public void The_page_may_take_nothing_from_elsewhere_and_names_nothing_outside()
    {
        var answer = Send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray());
        Assert.Contains("\r\nContent-Security-Policy: default-src 'none'; script-src 'self'; ", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", answer, StringComparison.Ordinal);
        foreach (Match reference in Reference().Matches(answer))
        {
            var path = reference.Groups[1].Value;
            Assert.True(path[0] == '#' || _routes.Answer("/" + path, "").Status == 200, path);
        }

        Assert.Equal(200, _routes.Answer("/page/uplot.js", "").Status);
    }

    [Fact]
    public void Who_takes_gzip_gets_it_where_it_is_worth_it()
    {
        using var client = new HttpClient();
        foreach (var (path, takes, isPacked) in new[] { ("/page/main.js", "br, gzip", true), ("/page/main.js", "gzip;q=0", false), ("/healthz", "gzip", false) })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"http://127.0.0.1:{_port}{path}"));
            request.Headers.TryAddWithoutValidation("Accept-Encoding", takes);
            using var answer = client.Send(request, TestContext.Current.CancellationToken);
            Assert.Equal(isPacked, answer.Content.Headers.ContentEncoding.Contains("gzip"));
            using var body = answer.Content.ReadAsStream(TestContext.Current.CancellationToken);
            using var whole = new MemoryStream();
            (isPacked ? new System.IO.Compression.GZipStream(body, System.IO.Compression.CompressionMode.Decompress) : body).CopyTo(whole);
            Assert.Equal(_routes.Answer(path, "").Body, whole.ToArray());
        }
    }

    [Fact]
    public void What_is_too_long_is_refused_before_it_is_all_there()
    {
        Assert.StartsWith("HTTP/1.1 414", Send(Encoding.ASCII.GetBytes("GET /" + new string('a', 9000))), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 431", Send(Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: localhost\r\nX: " + new string('a', 16_500))), StringComparison.Ordinal);
    }

    [Fact]
    public void Who_comes_when_all_places_are_taken_gets_that_of_whoever_waited_longest()
    {
        const int Surplus = HttpServer.ConnectionsMax / 2;
        var silent = new List<TcpClient>();
        try
        {
            using var active = new TcpClient("127.0.0.1", _port) { ReceiveTimeout = 10_000 };
            for (var i = 0; i < HttpServer.ConnectionsMax + Surplus; i++)
            {
                if (i == Surplus + 1)
                {
                    // It came first; it asks, and now they have waited longer.
                    Assert.StartsWith("HTTP/1.1 200", Ask(active), StringComparison.Ordinal);
                }

                // Each asks once, so that nobody overtakes another on the way in, and then says nothing.
                silent.Add(new TcpClient("127.0.0.1", _port) { ReceiveTimeout = 10_000 });
                Assert.StartsWith("HTTP/1.1 200", Ask(silent[^1]), StringComparison.Ordinal);
            }

            SpinWait.SpinUntil(() => silent.Count(IsEnded) > Surplus, TimeSpan.FromSeconds(10));
            Assert.Equal(Enumerable.Repeat(true, Surplus + 1), silent.Take(Surplus + 1).Select(IsEnded));
            Assert.DoesNotContain(true, silent.Skip(Surplus + 1).Select(IsEnded));
            Assert.StartsWith("HTTP/1.1 200", Ask(active), StringComparison.Ordinal);
            Assert.StartsWith("HTTP/1.1 200", Send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray()), StringComparison.Ordinal);
        }
        finally
        {
            silent.ForEach(client => client.Dispose());
        }

        static string Ask(TcpClient client)
        {
            client.GetStream().Write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"u8);
            var answer = new byte[4096];
            return Encoding.ASCII.GetString(answer, 0, client.GetStream().Read(answer));
        }
    }

    /// <summary>A probe by HTTP fails while all connections are being answered; one by the control socket does not.</summary>
    [Fact]
    public void Health_is_told_on_the_control_socket_too()
    {
        Assert.Equal(_routes.Answer("/healthz", "").Body, _routes.Answer("health"));
        var stuck = new Routes(
            () => _daemon.Status, new DecisionSource(_host.Log!, _daemon.RuleOf, () => TimeSpan.FromMinutes(1)), null!, null!, () => new BesideFigures([], new Dictionary<string, bool>(), null));
        Assert.StartsWith("no turn since ", Encoding.UTF8.GetString(stuck.Answer("health")!), StringComparison.Ordinal);
    }

    [Fact]
    public void A_taken_port_is_refused_in_one_line()
    {
        var refused = Assert.Throws<IOException>(() => HttpServer.Start(new IPEndPoint(IPAddress.Loopback, _port), _routes.Answer));
        Assert.Contains($"127.0.0.1:{_port}", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
    }

    /// <summary>Plans as the daemon does; nobody here is looked at.</summary>
    private sealed class OnlyPlans : IWhatIf
    {
        public byte[] Plan(PlanQuestion question, byte[]? estimate) => new WhatIf().Plan(question, estimate);

        public byte[] Estimate(IReadOnlyList<int> pids, TimeSpan limit) => throw new WhatIfException("not in this test");
    }

    private long Now => _host.Clock.Day.ToUnixTimeSeconds();

    private static bool IsEnded(TcpClient client)
    {
        try
        {
            return client.Client.Poll(0, SelectMode.SelectRead) && client.Available == 0;
        }
        catch (Exception gone) when (gone is ObjectDisposedException or NullReferenceException or SocketException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static JsonElement Description()
    {
        using var stream = typeof(Routes).Assembly.GetManifestResourceStream("openapi.json")!;
        return JsonDocument.Parse(stream).RootElement;
    }

    /// <summary>The part of JSON Schema that the description uses, both ways: what is required is there, and nothing else is.</summary>
    private static void AssertFits(JsonElement value, JsonElement schemas, string name, string at)
    {
        var schema = schemas.GetProperty(name);
        var properties = schema.GetProperty("properties");
        Assert.True(
            properties.EnumerateObject().Select(property => property.Name).ToHashSet().SetEquals(value.EnumerateObject().Select(property => property.Name)),
            $"{at}: {string.Join(' ', value.EnumerateObject().Select(property => property.Name))}");
        foreach (var property in properties.EnumerateObject())
        {
            AssertValue(value.GetProperty(property.Name), property.Value, schemas, $"{at}.{property.Name}");
        }
    }

    private static void AssertValue(JsonElement value, JsonElement schema, JsonElement schemas, string at)
    {
        if (schema.TryGetProperty("$ref", out var reference))
        {
            AssertFits(value, schemas, reference.GetString()!.Split('/')[^1], at);
            return;
        }

        if (schema.TryGetProperty("oneOf", out var choices))
        {
            var names = value.EnumerateObject().Select(property => property.Name).ToHashSet();
            var chosen = Assert.Single(choices.EnumerateArray().Select(one => one.GetProperty("$ref").GetString()!.Split('/')[^1]), one =>
                schemas.GetProperty(one).GetProperty("properties").EnumerateObject().Select(property => property.Name).ToHashSet().SetEquals(names));
            AssertFits(value, schemas, chosen, at);
            return;
        }

        if (schema.TryGetProperty("enum", out var words))
        {
            Assert.Contains(value.GetString(), words.EnumerateArray().Select(word => word.GetString()));
            return;
        }

        if (schema.TryGetProperty("const", out var constant))
        {
            Assert.Equal(constant.GetString(), value.GetString());
            return;
        }

        var type = schema.GetProperty("type");
        string[] allowed = type.ValueKind == JsonValueKind.String ? [type.GetString()!] : [.. type.EnumerateArray().Select(one => one.GetString()!)];
        var found = value.ValueKind switch
        {
            JsonValueKind.Number => value.TryGetInt64(out _) ? "integer" : "number",
            JsonValueKind.True or JsonValueKind.False => "boolean",
            var kind => kind.ToString().ToLowerInvariant(),
        };
        Assert.True(allowed.Contains(found) || (found == "integer" && allowed.Contains("number")), $"{at} is {found}");
        if (found == "array" && schema.TryGetProperty("items", out var items))
        {
            foreach (var item in value.EnumerateArray())
            {
                AssertValue(item, items, schemas, at + "[]");
            }
        }
    }

    private string Send(byte[] request)
    {
        using var client = new TcpClient("127.0.0.1", _port) { ReceiveTimeout = 10_000, SendTimeout = 10_000 };
        var answer = new MemoryStream();
        try
        {
            client.GetStream().Write(request);
            var buffer = new byte[64 << 10];
            for (var got = 1; got > 0 && !IsWhole(answer, isHead: request.AsSpan().StartsWith("HEAD"u8));)
            {
                answer.Write(buffer, 0, got = client.GetStream().Read(buffer));
            }
        }
        catch (IOException)
        {
            // Refused in the middle: what came until then counts.
        }

        return Encoding.UTF8.GetString(answer.ToArray());
    }

    /// <summary>Whether the head is there, and as much behind it as it says.</summary>
    private static bool IsWhole(MemoryStream answer, bool isHead)
    {
        var text = Encoding.Latin1.GetString(answer.ToArray());
        var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        return end >= 0 && (isHead || (LengthLine().Match(text) is { Success: true } length
            && text.Length - end - 4 >= int.Parse(length.Groups[1].Value, CultureInfo.InvariantCulture)));
    }

    [GeneratedRegex("(?:src|href)=\"([^\"]+)\"")]
    private static partial Regex Reference();

    [GeneratedRegex("(?m)^Content-Length: ([0-9]+)\r$")]
    private static partial Regex LengthLine();

    [GeneratedRegex("(?m)^# TYPE (samepage_[a-z_]+) (gauge|counter)$")]
    private static partial Regex TypeLine();

    [GeneratedRegex("(?m)^# HELP samepage_[a-z_]+ [A-Z0-9+].*\\.$")]
    private static partial Regex HelpLine();
}
