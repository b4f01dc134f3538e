using System.Text.Json;
using Samepage.Planning;

namespace Samepage.Cli;

/// <summary>Reads what <c>samepage estimate --json</c> wrote, as far as a plan needs it.</summary>
internal sealed class EstimateFile
{
    /// <summary>More pages than any machine has; sums of such numbers do not overflow.</summary>
    private const long SanePages = 1L << 40;

    private const int TargetsMax = 100_000;
    private readonly string _path;

    private EstimateFile(string path) => _path = path;

    /// <summary>Takes the profile of the guests that were looked at.</summary>
    /// <exception cref="CommandFailure">The file is not such an estimate, or is of a look cut short.</exception>
    public static SharingProfile Read(string path)
    {
        try
        {
            return Parse(path, File.ReadAllBytes(path));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailure(error is UnauthorizedAccessException ? ExitCode.NotPermitted : ExitCode.Usage, $"--estimate {path}: {error.Message}");
        }
    }

    /// <summary>The same from what stands in the file.</summary>
    /// <exception cref="CommandFailure">As above.</exception>
    public static SharingProfile Parse(string path, ReadOnlyMemory<byte> json)
    {
        var file = new EstimateFile(path);
        try
        {
            using var document = JsonDocument.Parse(json);
            return file.Profile(document.RootElement);
        }
        catch (JsonException error)
        {
            throw file.Wrong($"is not JSON (line {error.LineNumber + 1})");
        }
    }

    private SharingProfile Profile(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("schema", out var schema)
            || schema.ValueKind != JsonValueKind.String || schema.GetString() != "samepage.estimate/1")
        {
            throw Wrong("has no \"schema\": \"samepage.estimate/1\"");
        }

        if (Field(root, "", "partial", JsonValueKind.True, JsonValueKind.False).GetBoolean())
        {
            throw Wrong("is of a look that was cut short (partial is true)");
        }

        var targets = Field(root, "", "targets", JsonValueKind.Array);
        if (targets.GetArrayLength() is 0 or > TargetsMax)
        {
            throw Wrong($"has {targets.GetArrayLength()} targets");
        }

        var alone = targets.EnumerateArray().Select((target, index) => Portion(target, target, $"targets[{index}].")).ToList();
        return SharingProfile.Of(Portion(Field(root, "", "totals", JsonValueKind.Object), root, "totals."), alone);
    }

    private GuestPortion Portion(JsonElement counts, JsonElement owner, string at) => GuestPortion.Of(
        Count(counts, at, "present_pages"), Count(counts, at, "zero_pages"), Count(counts, at, "distinct_pages"),
        Count(counts, at, "volatile_pages"), Count(counts, at, "swapped_pages"), UnmergeableBytes(owner, at == "totals." ? "" : at));

    private long UnmergeableBytes(JsonElement owner, string at)
    {
        var sum = 0L;
        foreach (var part in Field(owner, at, "not_mergeable", JsonValueKind.Array).EnumerateArray())
        {
            var reason = Field(part, $"{at}not_mergeable[].", "reason", JsonValueKind.String).GetString();
            var bytes = Count(part, $"{at}not_mergeable[].", "resident_bytes", SanePages * 4096);
            sum = Math.Min(SanePages * 4096, sum + (reason is "shared_memory" or "huge_tlb" or "droppable" ? bytes : 0));
        }

        return sum;
    }

    private long Count(JsonElement owner, string at, string name, long most = SanePages) =>
        Field(owner, at, name, JsonValueKind.Number).TryGetInt64(out var number) && number >= 0 && number <= most
            ? number
            : throw Wrong($"has no count in {at}{name}");

    private JsonElement Field(JsonElement owner, string at, string name, params ReadOnlySpan<JsonValueKind> kinds)
    {
        if (owner.ValueKind != JsonValueKind.Object || !owner.TryGetProperty(name, out var field))
        {
            throw Wrong($"lacks {at}{name}");
        }

        return kinds.Contains(field.ValueKind) ? field : throw Wrong($"has {field.ValueKind.ToString().ToLowerInvariant()} in {at}{name}");
    }

    private CommandFailure Wrong(string what) =>
        new(ExitCode.Usage, $"--estimate {_path} {what}; give what 'samepage estimate TARGETS --json' wrote");
}
