using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Samepage.Server.Http;

/// <summary>
/// Serves HTTP/1.1 to whoever may connect, read-only. What a client can cost is bounded: connections, the size of a
/// request and the time it may take, and the time that an answer may lie unread.
/// </summary>
public sealed class HttpServer : IHttpApplication<IFeatureCollection>, IDisposable
{
    /// <summary>Clients at the same time; see <see cref="ConnectionPlaces"/> for who comes then.</summary>
    public const int ConnectionsMax = 16;

    /// <summary>With those that have lost their place and are about to be gone.</summary>
    private const int OpenMax = 4 * ConnectionsMax;

    private const int AnswersMax = 2, PieceBytes = 32 << 10;

    /// <summary>The longest that a request's head may take to come in.</summary>
    public static readonly TimeSpan HeadersTimeout = TimeSpan.FromSeconds(5);

    /// <summary>The longest that a connection may hold its place and ask nothing.</summary>
    public static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(10);

    /// <summary>The longest that an answer may lie there until nearly all of it is read.</summary>
    public static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(20);

    private readonly KestrelServer _server;
    private readonly ConnectionPlaces _places = new(ConnectionsMax);

    /// <summary>More answers at once would each take memory and a thread, and none be sooner.</summary>
    private readonly SemaphoreSlim _turns = new(AnswersMax);

    /// <summary>
    /// What a browser may do with an answer: take scripts, styles and data from here only, run nothing that stands in
    /// the page itself, make no markup of text, and show it in no other page.
    /// </summary>
    private const string ContentPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

    private readonly Func<string, string, HttpAnswer> _answer;
    private readonly Func<string, string, HttpAnswer>? _answerPost;
    private readonly Func<IReadOnlyList<string>> _hosts;

    private HttpServer(IPEndPoint address, Func<string, string, HttpAnswer> answer, Func<string, string, HttpAnswer>? answerPost, Func<IReadOnlyList<string>>? hosts)
    {
        (_answer, _answerPost, _hosts) = (answer, answerPost, hosts ?? (() => []));
        var options = new KestrelServerOptions { AddServerHeader = false, AllowSynchronousIO = false };
        Limit(options.Limits);
        options.Listen(address, listen =>
        {
            listen.Protocols = HttpProtocols.Http1;
            listen.Use(_places.Guard);
        });
        var transport = new SocketTransportOptions { Backlog = 64, IOQueueCount = 1, UnsafePreferInlineScheduling = false };
        _server = new KestrelServer(
            Options.Create(options), new SocketTransportFactory(Options.Create(transport), NullLoggerFactory.Instance), NullLoggerFactory.Instance);
    }

    /// <summary>Begins to serve.</summary>
    /// <param name="address">Where.</param>
    /// <param name="answer">Answers a path and query to which access is allowed. Called from several threads.</param>
    /// <param name="answerPost">Answers what was asked by POST; null: nobody does.</param>
    /// <param name="hosts">Names under which it may be asked, besides addresses and localhost; null: none. Called for each request.</param>
    /// <exception cref="IOException">The port is taken, or the address is not this machine's.</exception>
    public static HttpServer Start(
        IPEndPoint address, Func<string, string, HttpAnswer> answer, Func<string, string, HttpAnswer>? answerPost = null, Func<IReadOnlyList<string>>? hosts = null)
    {
        var server = new HttpServer(address, answer, answerPost, hosts);
        try
        {
            server._server.StartAsync(server, CancellationToken.None).GetAwaiter().GetResult();
            return server;
        }
        catch (Exception refused) when (refused is IOException or System.Net.Sockets.SocketException)
        {
            server._server.Dispose();
            throw new IOException($"HTTP cannot listen on {address}: {(refused.InnerException ?? refused).Message}; name another in [server] listen, or \"off\"");
        }
    }

    /// <inheritdoc/>
    public IFeatureCollection CreateContext(IFeatureCollection contextFeatures) => contextFeatures;

    /// <inheritdoc/>
    public void DisposeContext(IFeatureCollection context, Exception? exception)
    {
        // Nothing is kept for a request.
    }

    /// <inheritdoc/>
    public async Task ProcessRequestAsync(IFeatureCollection context)
    {
        var request = context.GetRequiredFeature<IHttpRequestFeature>();
        var response = context.GetRequiredFeature<IHttpResponseFeature>();
        var (answer, body) = await Answer(request, context.GetRequiredFeature<IHttpConnectionFeature>().ConnectionId);
        response.StatusCode = answer.Status;
        response.Headers.ContentLength = body.Length;
        Describe(answer, body != answer.Body, response.Headers);
        if (request.Method == "HEAD")
        {
            return;
        }

        try
        {
            await Write(body, context.GetRequiredFeature<IHttpResponseBodyFeature>().Writer).WaitAsync(AnswerTimeout);
        }
        catch (TimeoutException)
        {
            // Kestrel's own limit goes by the rate on average, and forgives much to who asks for much and reads nothing.
            context.GetRequiredFeature<IHttpRequestLifetimeFeature>().Abort();
        }
    }

    /// <summary>Piece by piece: what is handed over at once is copied at once, and lies there until it is read.</summary>
    private static async Task Write(ReadOnlyMemory<byte> body, PipeWriter writer)
    {
        for (; body.Length > 0; body = body[Math.Min(PieceBytes, body.Length)..])
        {
            if ((await writer.WriteAsync(body[..Math.Min(PieceBytes, body.Length)])).IsCompleted)
            {
                return;
            }
        }
    }

    /// <summary>
    /// An answer, and its body as the client takes it. Meanwhile the connection keeps its place; once the answer lies
    /// there for whoever reads it, no longer.
    /// </summary>
    private async Task<(HttpAnswer Answer, byte[] Body)> Answer(IHttpRequestFeature request, string connection)
    {
        _places.Begin(connection);
        await _turns.WaitAsync();
        try
        {
            var answer = HttpGate.Refusal(request, _hosts()) ?? (request.Method != "POST"
                ? _answer(request.Path, request.QueryString)
                : _answerPost?.Invoke(request.Path, request.QueryString) ?? HttpAnswer.Of(405, HttpAnswer.Text, "nothing is asked by POST here\n"));
            return (answer, (TakesGzip(request) ? answer.Packed() : null) ?? answer.Body);
        }
        finally
        {
            _turns.Release();
            _places.End(connection);
        }
    }

    private static void Describe(HttpAnswer answer, bool isPacked, Microsoft.AspNetCore.Http.IHeaderDictionary headers)
    {
        headers.ContentType = answer.ContentType;
        headers.CacheControl = "no-store";
        headers.Vary = "Accept-Encoding";
        headers.XContentTypeOptions = "nosniff";
        headers.ContentSecurityPolicy = ContentPolicy;
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        if (isPacked)
        {
            headers.ContentEncoding = "gzip";
        }

        if (answer.Status == 405)
        {
            headers.Allow = "GET, HEAD";
        }
    }

    /// <summary>Whoever refuses gzip says so with a weight of nothing; all who can take it just name it.</summary>
    private static bool TakesGzip(IHttpRequestFeature request) => request.Headers.AcceptEncoding.ToString().Split(',')
        .Any(part => part.Split(';') is [var coding, .. var weight] && coding.Trim() == "gzip" && !weight.Any(text => text.Trim() is "q=0" or "q=0.0"));

    /// <summary>Ends all connections.</summary>
    public void Dispose()
    {
        // Requests that are answered get a moment; who reads slowly gets no more than that.
        using var moment = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        _server.StopAsync(moment.Token).GetAwaiter().GetResult();
        _server.Dispose();
        _turns.Dispose();
    }

    private static void Limit(KestrelServerLimits limits)
    {
        limits.MaxConcurrentConnections = OpenMax;
        limits.MaxRequestLineSize = 4096;
        limits.MaxRequestHeadersTotalSize = 16 << 10;
        limits.MaxRequestHeaderCount = 50;
        limits.MaxRequestBufferSize = 32 << 10;
        limits.MaxRequestBodySize = 0;
        limits.RequestHeadersTimeout = HeadersTimeout;
        limits.KeepAliveTimeout = IdleTimeout;
        limits.MinResponseDataRate = new MinDataRate(bytesPerSecond: 1024, gracePeriod: HeadersTimeout);
    }

    /// <summary>Whether a text is an address with a port.</summary>
    public static bool IsAddress(string listen) => IPEndPoint.TryParse(listen, out var address) && address.Port > 0;

    /// <summary>Reads an address as the policy has it.</summary>
    public static IPEndPoint Address(string listen) => IPEndPoint.TryParse(listen, out var address)
        ? address
        : throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"'{listen}' is no address and port"));
}
