using System.Net;
using Samepage.Server.Dashboard;

namespace Samepage.Bench.Footprint;

/// <summary>Asks a daemon for all that a page that is opened asks for, and for what Prometheus does. Not thread-safe.</summary>
/// <param name="address">Where it answers.</param>
internal sealed class PageVisitor(Uri address) : IDisposable
{
    private const int Points = 1000;
    private static readonly long[] s_rangesSeconds = [3600, 6 * 3600, 86_400, 7 * 86_400, 30 * 86_400];

    /// <summary>The page, its parts, and its documents but the history.</summary>
    private static readonly string[] s_paths =
    [
        "/",
        .. typeof(DashboardFiles).Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith("page/", StringComparison.Ordinal) && name != "page/index.html").Select(name => "/" + name),
        "/page/uplot.js", "/page/uplot.css",
        "/api/v1/status", "/api/v1/processes", "/api/v1/domains", "/api/v1/decisions", "/api/v1/dashboard", "/api/v1/estimate", "/metrics",
    ];

    private readonly HttpClient _client = new() { BaseAddress = address, Timeout = TimeSpan.FromSeconds(30) };

    /// <summary>Requests in a round.</summary>
    public static int Requests => s_paths.Length + s_rangesSeconds.Length;

    /// <summary>Waits until the daemon answers for its history.</summary>
    public void AwaitHistory()
    {
        for (var end = DateTime.UtcNow + TimeSpan.FromSeconds(60); DateTime.UtcNow < end; Thread.Sleep(200))
        {
            using var answer = _client.GetAsync(new Uri("/api/v1/history?points=2", UriKind.Relative)).GetAwaiter().GetResult();
            if (answer.StatusCode == HttpStatusCode.OK)
            {
                return;
            }
        }

        throw new InvalidOperationException("the daemon has no history");
    }

    /// <summary>Asks for all of it, packed as a browser would have it; fails where something is refused.</summary>
    /// <returns>Bytes as they came over the wire.</returns>
    public long Round()
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        return s_paths.Concat(s_rangesSeconds.Select(range => $"/api/v1/history?from={now - range}&to={now}&points={Points}")).Sum(Ask);
    }

    public void Dispose() => _client.Dispose();

    private long Ask(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        request.Headers.TryAddWithoutValidation("Accept-Encoding", "gzip");
        using var answer = _client.Send(request, HttpCompletionOption.ResponseContentRead);
        answer.EnsureSuccessStatusCode();
        return answer.Content.ReadAsByteArrayAsync().GetAwaiter().GetResult().Length;
    }
}
