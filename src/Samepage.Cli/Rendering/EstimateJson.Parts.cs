using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Samepage.Estimating;

namespace Samepage.Cli.Rendering;

/// <summary>One target: its counts stand beside its name, not in an object of their own.</summary>
internal sealed record TargetJson : CountsJson
{
    [SetsRequiredMembers]
    private TargetJson(CountsJson counts)
        : base(counts)
    {
    }

    [JsonPropertyOrder(-3)]
    public int Pid { get; init; }

    [JsonPropertyOrder(-2)]
    public string Name { get; init; } = "";

    [JsonPropertyOrder(-1)]
    public string? Note { get; init; }

    [JsonPropertyOrder(1)]
    public long AttributedBytes { get; init; }

    [JsonPropertyOrder(2)]
    public long AttributedNetBytes { get; init; }

    [JsonPropertyOrder(3)]
    public IReadOnlyList<UnmergeableJson> NotMergeable { get; init; } = [];

    [JsonPropertyOrder(4)]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ChunkJson>? AddressMap { get; init; }

    public static TargetJson From(TargetEstimate target, long netBytes, bool addressMap) => new(From(target.Counts))
    {
        Pid = target.Pid,
        Name = target.Name,
        Note = target.Note,
        AttributedBytes = target.AttributedBytes,
        AttributedNetBytes = netBytes,
        NotMergeable = UnmergeableJson.From(target.NotMergeable),
        AddressMap = addressMap ? [.. target.AddressMap.Select(ChunkJson.From)] : null,
    };
}

/// <summary>A 2 MiB window of an address space. The address is text: JSON numbers lose the last bits of large ones.</summary>
internal sealed record ChunkJson(string Address, int PresentPages, int DuplicatePages, int ZeroPages, bool Huge)
{
    public static ChunkJson From(AddressChunk chunk) => new(
        chunk.Address.ToString("x", CultureInfo.InvariantCulture),
        chunk.PresentPages, chunk.DuplicatePages, chunk.ZeroPages, chunk.IsHuge);
}

/// <summary>Who shares with whom, in the order of the targets.</summary>
internal sealed record SharingJson(
    [property: JsonConverter(typeof(MatrixConverter))] long[][] SharedContents, bool Truncated);

/// <summary>Writes each row of a matrix on one line, also where the rest is indented.</summary>
internal sealed class MatrixConverter : JsonConverter<long[][]>
{
    public override long[][] Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotSupportedException("estimates are written, never read back");

    public override void Write(Utf8JsonWriter writer, long[][] value, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        foreach (var row in value)
        {
            writer.WriteRawValue($"[{string.Join(',', row)}]");
        }

        writer.WriteEndArray();
    }
}

/// <summary>Memory that cannot be merged.</summary>
internal sealed record UnmergeableJson(UnmergeableReason Reason, long ResidentBytes, long MappedBytes)
{
    public static IReadOnlyList<UnmergeableJson> From(IReadOnlyList<UnmergeableMemory> memory) =>
        [.. memory.Select(part => new UnmergeableJson(part.Reason, part.ResidentBytes, part.MappedBytes))];
}

/// <summary>What the look cost.</summary>
internal sealed record CostJson(double CpuSeconds, double WallSeconds, long PagesRead, long PeakRssBytes);

/// <summary>How the sample was drawn, and the 95 % confidence interval.</summary>
internal sealed record SamplingJson(int OneIn, long SampledContents, long SavablePagesLow, long SavablePagesHigh);

/// <summary>What comparing byte by byte found.</summary>
internal sealed record VerificationJson(long ComparedPages, long DifferentPages);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true,
    Converters = [typeof(SnakeCaseEnum<FrameIdentity>), typeof(SnakeCaseEnum<UnmergeableReason>)])]
[JsonSerializable(typeof(EstimateJson))]
internal sealed partial class EstimateJsonContext : JsonSerializerContext;

/// <summary>Writes an enum by its name: shared_memory.</summary>
internal sealed class SnakeCaseEnum<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.SnakeCaseLower)
    where T : struct, Enum;
