using System.Net;
using Microsoft.AspNetCore.Http.Features;

namespace Samepage.Server.Http;

/// <summary>
/// Who may ask at all: reading only, and by an address. A page of a stranger whose name was made to point here
/// (DNS rebinding) shows by its name in Host, and one that asks from elsewhere by its Origin.
/// </summary>
public static class HttpGate
{
    /// <summary>Why a request is refused; null where it is not.</summary>
    public static HttpAnswer? Refusal(IHttpRequestFeature request)
    {
        if (request.Method is not ("GET" or "HEAD"))
        {
            return HttpAnswer.Of(405, HttpAnswer.Text, "only GET and HEAD: nothing can be changed here\n");
        }

        var host = request.Headers.Host.ToString();
        if (!IsAddress(host))
        {
            return HttpAnswer.Of(421, HttpAnswer.Text, "ask by address, or by localhost: other names are refused, because they may be a stranger's\n");
        }

        var origin = request.Headers.Origin.ToString();
        return origin.Length > 0 && !string.Equals(origin, $"http://{host}", StringComparison.OrdinalIgnoreCase)
            ? HttpAnswer.Of(403, HttpAnswer.Text, "pages of other origins may not ask\n")
            : null;
    }

    /// <summary>Whether a Host is an address or localhost, with or without a port. HTTP/1.0 may leave it out.</summary>
    internal static bool IsAddress(string host)
    {
        if (host.Length == 0)
        {
            return true;
        }

        // An IPv6 address stands in brackets here, so a last colon outside of them begins the port.
        var colon = host.LastIndexOf(':');
        var name = colon > host.LastIndexOf(']') ? host[..colon] : host;
        return name.Equals("localhost", StringComparison.OrdinalIgnoreCase) || IPAddress.TryParse(name, out _);
    }
}
