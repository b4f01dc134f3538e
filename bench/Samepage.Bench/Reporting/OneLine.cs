using System.Text.Json;
using System.Text.Json.Serialization;

namespace Samepage.Bench.Reporting;

/// <summary>Writes small things of an indented JSON text on a line of their own, so that a long result stays readable.</summary>
internal sealed class OneLine<T>(JsonNamingPolicy? policy) : JsonConverter<T>
{
    private readonly JsonSerializerOptions _options = new() { PropertyNamingPolicy = policy };

    public override T? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        JsonSerializer.Deserialize<T>(ref reader, _options);

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        writer.WriteRawValue(JsonSerializer.Serialize(value, _options));
}
