using System.Net;
using Microsoft.AspNetCore.Http.Features;

namespace Samepage.Server.Http;

/// <summary>
/// Who may ask at all: by an address or a name that the operator gave, and reading only, but for one question that costs
/// work and is therefore put by POST. A page of a stranger whose name was made to point here (DNS rebinding) shows by its
/// name in Host, and one that asks from elsewhere by its Origin. A POST must also carry a header that no page can send
/// elsewhere without asking first, and asking first (OPTIONS) is refused: so it holds behind a reverse proxy too, which
/// may leave Origin out.
/// </summary>
public static class HttpGate
{
    /// <summary>The header that a POST must carry, with any value.</summary>
    public const string OwnPageHeader = "X-Samepage";

    /// <summary>Why a request is refused; null where it is not.</summary>
    /// <param name="request">The request.</param>
    /// <param name="hosts">Names that the operator gave; compared without regard to case.</param>
    public static HttpAnswer? Refusal(IHttpRequestFeature request, IReadOnlyList<string> hosts)
    {
        var isPost = request.Method == "POST" && request.Path == Routes.EstimatePath;
        if (!isPost && request.Method is not ("GET" or "HEAD"))
        {
            return HttpAnswer.Of(405, HttpAnswer.Text, "only GET and HEAD: nothing can be changed here\n");
        }

        var host = request.Headers.Host.ToString();
        if (!IsAddress(host) && !IsNamed(host, hosts))
        {
            return HttpAnswer.Of(421, HttpAnswer.Text, "ask by address, by localhost, or by a name of [server] hosts: other names are refused, because they may be a stranger's\n");
        }

        var origin = request.Headers.Origin.ToString();
        return origin.Length > 0 && !string.Equals(origin, $"http://{host}", StringComparison.OrdinalIgnoreCase) && !IsNamedOrigin(origin, hosts)
            ? HttpAnswer.Of(403, HttpAnswer.Text, "pages of other origins may not ask; that of a reverse proxy may where [server] hosts names it\n")
            : isPost ? RefusalOfPost(request) : null;
    }

    private static HttpAnswer? RefusalOfPost(IHttpRequestFeature request)
    {
        if (request.Headers.ContentLength > 0 || request.Headers.TransferEncoding.Count > 0)
        {
            return HttpAnswer.Of(413, HttpAnswer.Text, "all that is asked stands in the query; send no body\n");
        }

        var site = request.Headers["Sec-Fetch-Site"].ToString();
        return request.Headers[OwnPageHeader].Count == 1 && site is ("" or "same-origin")
            ? null
            : HttpAnswer.Of(403, HttpAnswer.Text, $"a POST must carry the header {OwnPageHeader}, and come from the dashboard itself or from no page\n");
    }

    /// <summary>Whether a Host is an address or localhost, with or without a port. HTTP/1.0 may leave it out.</summary>
    internal static bool IsAddress(string host)
    {
        if (host.Length == 0)
        {
            return true;
        }

        var name = WithoutPort(host);
        return name.Equals("localhost", StringComparison.OrdinalIgnoreCase) || IPAddress.TryParse(name, out _);
    }

    private static bool IsNamed(string host, IReadOnlyList<string> hosts) => hosts.Contains(WithoutPort(host), StringComparer.OrdinalIgnoreCase);

    /// <summary>Of any port, and with TLS or without: both are the proxy's, and it is known by its name.</summary>
    private static bool IsNamedOrigin(string origin, IReadOnlyList<string> hosts) =>
        origin.IndexOf("://", StringComparison.Ordinal) is var end and > 0 && origin[..end] is "http" or "https" && IsNamed(origin[(end + 3)..], hosts);

    /// <summary>An IPv6 address stands in brackets here, so a last colon outside of them begins the port.</summary>
    private static string WithoutPort(string host) => host.LastIndexOf(':') is var colon && colon > host.LastIndexOf(']') ? host[..colon] : host;
}
