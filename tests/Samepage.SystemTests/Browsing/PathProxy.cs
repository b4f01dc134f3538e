using Samepage.Server.Http;

namespace Samepage.SystemTests.Browsing;

/// <summary>
/// A reverse proxy that shows a daemon below a path, as an operator's web server may. It can also put another answer in
/// place of one.
/// </summary>
internal sealed class PathProxy : IDisposable
{
    private readonly HttpServer _server;
    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(10) };

    /// <summary>Serves a daemon's HTTP at <c>/elsewhere/</c>.</summary>
    /// <param name="daemonPort">The daemon's port.</param>
    /// <param name="instead">Answers a path in the daemon's stead, where it does.</param>
    public PathProxy(int daemonPort, Func<string, HttpAnswer?>? instead = null)
    {
        var endpoint = Loopback.Free();
        Port = endpoint.Port;
        _server = HttpServer.Start(endpoint, (path, query) =>
        {
            if (!path.StartsWith("/elsewhere/", StringComparison.Ordinal))
            {
                return HttpAnswer.Of(404, HttpAnswer.Text, "not here\n");
            }

            var inner = path["/elsewhere".Length..];
            using var answer = _client.GetAsync(new Uri($"http://127.0.0.1:{daemonPort}{inner}{query}")).GetAwaiter().GetResult();
            return instead?.Invoke(inner) ?? new HttpAnswer(
                (int)answer.StatusCode, answer.Content.Headers.ContentType!.ToString(), answer.Content.ReadAsByteArrayAsync().GetAwaiter().GetResult());
        });
    }

    private int Port { get; }

    public string Address => $"http://127.0.0.1:{Port}/elsewhere/";

    public void Dispose()
    {
        _server.Dispose();
        _client.Dispose();
    }
}
