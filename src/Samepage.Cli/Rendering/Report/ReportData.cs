using System.Text.Json;
using System.Text.Json.Serialization;
using Samepage.Estimating;
using Samepage.Linux;

namespace Samepage.Cli.Rendering.Report;

/// <summary>Where and when an estimate was made, for a report that is read elsewhere and later.</summary>
/// <param name="Host">The host's name.</param>
/// <param name="Kernel">The kernel's release.</param>
/// <param name="TakenAt">When the look began.</param>
internal sealed record ReportOrigin(string Host, string Kernel, DateTimeOffset TakenAt)
{
    /// <summary>This machine.</summary>
    public static ReportOrigin Here(DateTimeOffset takenAt) =>
        new(Environment.MachineName, KernelFile.TryReadText("/proc/sys/kernel/osrelease")?.Trim() ?? "unknown kernel", takenAt);
}

/// <summary>All that the report's script draws from: the estimate as in JSON, words, and address spaces to draw.</summary>
internal sealed record ReportData(
    string Host, string Kernel, EstimateJson Estimate, IReadOnlyList<string> Warnings, string? HugePages, string Cost,
    string? FrameIdentity, IReadOnlyList<ReasonData> Reasons, IReadOnlyList<int> Order,
    IReadOnlyList<IReadOnlyList<AddressStrip.StripCell>> Strips)
{
    /// <summary>Cells of all strips together: what a browser draws at once without a pause, in a file of a few MB.</summary>
    private const int CellsMost = 24_000;

    /// <summary>Gathers it.</summary>
    public static ReportData From(Estimate estimate, EstimateOptions options, ReportOrigin origin)
    {
        var cells = Math.Clamp(CellsMost / Math.Max(1, estimate.Targets.Count), 40, 480);
        return new ReportData(
            origin.Host, origin.Kernel, EstimateJson.From(estimate, options, origin.TakenAt, addressMap: false),
            [.. EstimateWords.Warnings(estimate)], EstimateWords.HugePages(estimate), EstimateWords.Cost(estimate),
            EstimateWords.FrameIdentity(estimate),
            [.. estimate.NotMergeable.Where(memory => memory.ResidentBytes > 0).Select(memory => ReasonData.From(memory, estimate))],
            estimate.OrderBySaving(),
            [.. estimate.Targets.Select(target => AddressStrip.From(target.AddressMap, cells))]);
    }

    /// <summary>The object as text that is safe inside a script element: no angle bracket is left as it is.</summary>
    public string ToText() => JsonSerializer.Serialize(this, ReportDataContext.Default.ReportData);
}

/// <summary>One reason for which memory is not mergeable, with its words.</summary>
internal sealed record ReasonData(string Label, string Explanation, bool Mendable, long ResidentBytes, long MappedBytes, string? Holder)
{
    public static ReasonData From(UnmergeableMemory memory, Estimate estimate) => new(
        UnmergeableWords.Label(memory.Reason), UnmergeableWords.Explanation(memory.Reason), UnmergeableWords.IsMendable(memory.Reason),
        memory.ResidentBytes, memory.MappedBytes,
        estimate.Targets.Count > 1 && UnmergeableWords.IsMendable(memory.Reason) && UnmergeableWords.Holder(estimate, memory.Reason) is { } holder
            ? $"{holder.Pid} {Readable.Name(holder.Name)}" : null);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    Converters = [typeof(SnakeCaseEnum<FrameIdentity>), typeof(SnakeCaseEnum<UnmergeableReason>)])]
[JsonSerializable(typeof(ReportData))]
internal sealed partial class ReportDataContext : JsonSerializerContext;
