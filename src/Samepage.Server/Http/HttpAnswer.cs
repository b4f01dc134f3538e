namespace Samepage.Server.Http;

/// <summary>What a request is answered with.</summary>
/// <param name="Status">The status code.</param>
/// <param name="ContentType">Of what.</param>
/// <param name="Body">The whole of it.</param>
public sealed record HttpAnswer(int Status, string ContentType, byte[] Body)
{
    /// <summary>The media type of JSON.</summary>
    public const string Json = "application/json; charset=utf-8";

    /// <summary>The media type of text.</summary>
    public const string Text = "text/plain; charset=utf-8";

    /// <summary>The media type of Prometheus's text format.</summary>
    public const string Metrics = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>An answer of text.</summary>
    public static HttpAnswer Of(int status, string contentType, string body) =>
        new(status, contentType, System.Text.Encoding.UTF8.GetBytes(body));
}
