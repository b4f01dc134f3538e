using System.IO.Compression;
using System.Text;

namespace Samepage.Server.Http;

/// <summary>What a request is answered with. Thread-safe; one that is given to several clients is packed once.</summary>
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

    /// <summary>Below this a packet more or less is all that packing could gain.</summary>
    public const int PackedFromBytes = 1400;

    private byte[]? _packed;

    /// <summary>An answer of text.</summary>
    public static HttpAnswer Of(int status, string contentType, string body) => new(status, contentType, Encoding.UTF8.GetBytes(body));

    /// <summary>The body as gzip has it; null where that is not worth it.</summary>
    public byte[]? Packed()
    {
        if (Body.Length < PackedFromBytes)
        {
            return null;
        }

        // Two clients at once may both pack it; either result will do.
        return _packed ??= Pack(Body);
    }

    private static byte[] Pack(byte[] body)
    {
        using var packed = new MemoryStream(body.Length / 4);
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            gzip.Write(body);
        }

        return packed.ToArray();
    }
}
