using System.Globalization;
using System.Text;
using Samepage.Server.Dashboard;
using Samepage.Server.History;
using Samepage.Server.Loop;

namespace Samepage.Server.Http;

/// <summary>What can be asked for by HTTP, and by the control socket. Thread-safe.</summary>
/// <param name="status">Where the daemon stands; null before its first turn.</param>
/// <param name="decisions">The latest decisions: all, of the host (null) or of a process, with the rule that it falls under.</param>
/// <param name="processes">What the kernel's merging does for each process.</param>
/// <param name="history">What was.</param>
/// <param name="beside">What metrics tell besides the status.</param>
public sealed class Routes(Func<DaemonStatus?> status, DecisionSource decisions, ProcessFigures processes, HistoryDesk history, Func<BesideFigures> beside)
{
    /// <summary>The status is older than this only where the daemon does not turn any more.</summary>
    private static readonly TimeSpan s_healthyFor = TimeSpan.FromSeconds(30);

    private static readonly long s_lastSecond = DateTimeOffset.MaxValue.ToUnixTimeSeconds();
    private static readonly Lazy<byte[]> s_openApi = new(ReadOpenApi);

    /// <summary>What an estimate is asked for by, and where it is found.</summary>
    public const string EstimatePath = "/api/v1/estimate";

    /// <summary>All paths, as the description names them.</summary>
    public static IReadOnlyList<string> Paths { get; } =
        ["/", "/healthz", "/metrics", "/api/v1/status", "/api/v1/decisions", "/api/v1/history", "/api/v1/processes", "/api/v1/domains", "/api/v1/plan", EstimatePath, "/api/v1/dashboard", "/openapi.json"];

    /// <summary>What the dashboard shows besides; null: there is none of that.</summary>
    public DashboardRoutes? Dashboard { get; init; }

    /// <summary>Answers what is asked by POST.</summary>
    public HttpAnswer AnswerPost(string path, string query) => path == EstimatePath && Dashboard is { } dashboard
        ? dashboard.BeginEstimate(query)
        : HttpAnswer.Of(405, HttpAnswer.Text, "only an estimate is asked for by POST\n");

    /// <summary>Answers a request by HTTP.</summary>
    public HttpAnswer Answer(string path, string query) => path switch
    {
        "/healthz" => Health(),
        "/metrics" => WithStatus(now => HttpAnswer.Of(200, HttpAnswer.Metrics, MetricsText.Of(now, processes.Look(), beside()))),
        "/api/v1/status" => WithStatus(now => new HttpAnswer(200, HttpAnswer.Json, now.ToJson())),
        "/api/v1/decisions" => Decisions(query),
        "/api/v1/history" => history.Answer(query),
        "/openapi.json" => new HttpAnswer(200, HttpAnswer.Json, s_openApi.Value),
        _ => DashboardFiles.Find(path) ?? Dashboard?.Answer(path, query) ?? HttpAnswer.Of(404, HttpAnswer.Text, $"there are {string.Join(", ", Paths)}\n"),
    };

    /// <summary>Answers a question on the control socket; null where it means nothing.</summary>
    public byte[]? Answer(string question) => question.Split(' ') switch
    {
        ["status"] => status()?.ToJson(),
        ["health"] => Health().Body,
        ["decisions", "host"] => decisions.Of(null).ToJson(),
        ["decisions", var text] when IsNumber(text, out var pid) => decisions.Of(pid).ToJson(),
        _ => null,
    };

    private static bool IsNumber(string text, out int number) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    private static byte[] ReadOpenApi()
    {
        using var stream = typeof(Routes).Assembly.GetManifestResourceStream("openapi.json")!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return Encoding.UTF8.GetBytes(reader.ReadToEnd().Replace("\"0.0.0\"", $"\"{Daemon.Version}\"", StringComparison.Ordinal));
    }

    private HttpAnswer Health() => status() switch
    {
        null => HttpAnswer.Of(503, HttpAnswer.Text, "starting\n"),
        var now when decisions.SinceTurn() > s_healthyFor => HttpAnswer.Of(503, HttpAnswer.Text, $"no turn since {now.TakenAt:O}\n"),
        _ => HttpAnswer.Of(200, HttpAnswer.Text, "ok\n"),
    };

    private HttpAnswer WithStatus(Func<DaemonStatus, HttpAnswer> of) =>
        status() is { } now ? of(now) : HttpAnswer.Of(503, HttpAnswer.Text, "starting\n");

    /// <summary>Without a question all that are kept; <c>?about=host</c> or <c>?about=PID</c>; <c>?before=UNIX</c>: of the history.</summary>
    private HttpAnswer Decisions(string query) => query switch
    {
        "" or "?" => new HttpAnswer(200, HttpAnswer.Json, decisions.All().ToJson()),
        "?about=host" => new HttpAnswer(200, HttpAnswer.Json, decisions.Of(null).ToJson()),
        _ when query.StartsWith("?about=", StringComparison.Ordinal) && IsNumber(query["?about=".Length..], out var pid) =>
            new HttpAnswer(200, HttpAnswer.Json, decisions.Of(pid).ToJson()),
        _ when query.StartsWith("?before=", StringComparison.Ordinal) && Moment(query["?before=".Length..]) is { } time => history.DecisionsBefore(time),
        _ => HttpAnswer.Of(400, HttpAnswer.Text, "ask for ?about=host or ?about=PID, for ?before=UNIX, or for all without a query\n"),
    };

    /// <summary>Seconds since 1970, of which fractions count to the millisecond; null where it is no time.</summary>
    private static DateTimeOffset? Moment(string text) =>
        decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds <= s_lastSecond
            ? DateTimeOffset.FromUnixTimeMilliseconds((long)(seconds * 1000))
            : null;
}

/// <summary>Where decisions come from.</summary>
/// <param name="log">The log.</param>
/// <param name="ruleOf">The rule that a process falls under.</param>
/// <param name="sinceTurn">How long ago the daemon's last turn was.</param>
public sealed class DecisionSource(DecisionLog log, Func<int, string?> ruleOf, Func<TimeSpan> sinceTurn)
{
    /// <summary>All that are kept.</summary>
    public DecisionList All() => new(DecisionList.SchemaName, null, log.All());

    /// <summary>Those about a process, or about the host.</summary>
    public DecisionList Of(int? pid) => new(DecisionList.SchemaName, pid is { } number ? ruleOf(number) : null, log.Latest(pid));

    /// <summary>How long ago the daemon's last turn was.</summary>
    public TimeSpan SinceTurn() => sinceTurn();
}
