using System.Text.Json;
using Samepage.Estimating;

namespace Samepage.Cli.Rendering;

/// <summary>
/// What <c>samepage estimate --json</c> writes. Names and types are a contract (docs/reference/estimate-json.md): fields
/// may be added, but none renamed, retyped or left out; what does not apply is null.
/// </summary>
internal sealed record EstimateJson(
    string Schema, DateTimeOffset TakenAt, bool Partial, double? IntervalSeconds, FrameIdentity FrameIdentity,
    CountsJson Totals, IReadOnlyList<TargetJson> Targets, SharingJson Sharing,
    IReadOnlyList<UnmergeableJson> NotMergeable, CostJson Cost, SamplingJson? Sampling, VerificationJson? Verification,
    bool HugePagesKnown)
{
    /// <summary>The form in which an estimate is written down.</summary>
    public static EstimateJson From(Estimate estimate, EstimateOptions options, DateTimeOffset takenAt, bool addressMap)
    {
        var net = estimate.AttributedNetBytes();
        return new EstimateJson(
            "samepage.estimate/1", takenAt, estimate.IsPartial, estimate.IsSecondLookMissing ? null : options.Interval?.TotalSeconds, estimate.FrameIdentity,
            CountsJson.From(estimate.Totals),
            [.. estimate.Targets.Select((target, index) => TargetJson.From(target, net[index], addressMap))],
            new SharingJson(estimate.Sharing.SharedContents, estimate.Sharing.IsTruncated),
            UnmergeableJson.From(estimate.NotMergeable),
            new CostJson(estimate.Cost.CpuSeconds, estimate.Cost.WallSeconds, estimate.Cost.PagesRead, estimate.Cost.PeakRssBytes),
            estimate.Sampling is { } s
                ? new SamplingJson(s.OneIn, s.SampledContents, s.SavablePagesLow, s.SavablePagesHigh) : null,
            estimate.Verification is { } v
                ? new VerificationJson(v.ComparedPages, v.DifferentPages) : null,
            estimate.HugePagesKnown);
    }

    /// <summary>The object as text that ends with a line break.</summary>
    public string ToText() => JsonSerializer.Serialize(this, EstimateJsonContext.Default.EstimateJson) + "\n";
}

/// <summary>Counts, of all targets together or of one looked at alone.</summary>
internal record CountsJson
{
    public required long PresentPages { get; init; }
    public required long ZeroPages { get; init; }
    public required long DistinctPages { get; init; }
    public required long SavablePages { get; init; }
    public required long SavableBytes { get; init; }
    public required long ZeroSavableBytes { get; init; }
    public required long AlreadySharedPages { get; init; }
    public required long PagesOnSharedFrames { get; init; }
    public required long KsmMergedPages { get; init; }
    public required long VolatilePages { get; init; }
    public required long SwappedPages { get; init; }
    public required long SharedContents { get; init; }
    public required long MetadataBytes { get; init; }
    public required long NetSavableBytes { get; init; }
    public required long HugePages { get; init; }
    public required long HugePagesToSplit { get; init; }
    public required long HugePageDuplicatePages { get; init; }

    public static CountsJson From(PageCounts counts) => new()
    {
        PresentPages = counts.PresentPages,
        ZeroPages = counts.ZeroPages,
        DistinctPages = counts.DistinctPages,
        SavablePages = counts.SavablePages,
        SavableBytes = counts.SavableBytes,
        ZeroSavableBytes = counts.ZeroSavableBytes,
        AlreadySharedPages = counts.AlreadySharedPages,
        PagesOnSharedFrames = counts.PagesOnSharedFrames,
        KsmMergedPages = counts.KsmMergedPages,
        VolatilePages = counts.VolatilePages,
        SwappedPages = counts.SwappedPages,
        SharedContents = counts.SharedContents,
        MetadataBytes = counts.MetadataBytes,
        NetSavableBytes = counts.NetSavableBytes,
        HugePages = counts.HugePages,
        HugePagesToSplit = counts.HugePagesToSplit,
        HugePageDuplicatePages = counts.HugePageDuplicatePages,
    };
}
