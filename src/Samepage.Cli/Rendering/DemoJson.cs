using System.Text.Json;
using System.Text.Json.Serialization;
using Samepage.Scenarios.Trials;

namespace Samepage.Cli.Rendering;

/// <summary>
/// What <c>samepage demo --json</c> writes; what does not apply is null. Where both engines were shown, everything but
/// <see cref="Runs"/> is of the last one.
/// </summary>
internal sealed record DemoJson(
    string Schema, string? Engine, string EngineReason, IReadOnlyList<string> Missing,
    string ProgramKind, string ProgramReason, int ProgramMegabytes, int ProgramsUp, int ProgramsVerified, int ProgramsCorrupt,
    int ProgramsLost, long PresentPages, long DistinctPages, long PromisedPages, long PromisedBytes, long PromisedDuplicatePages, long PromisedZeroPages,
    long? SavedPages, long? SavedBytes, long? MergedPages, long? ZeroedPages, double? DeviationPercent, bool? Converged,
    string? ConvergenceReason, long? FullScans, double EstimateCpuSeconds, double EstimateWallSeconds, double? KsmdCpuSeconds,
    double? EngineCpuSeconds, double? MergeWallSeconds, double? StallMicrosecondsMax, double CpuSeconds, double WallSeconds,
    IReadOnlyList<string> PutBack, IReadOnlyList<DemoRunJson> Runs)
{
    /// <summary>The form in which results are written down.</summary>
    public static DemoJson From(IReadOnlyList<DemonstrationResult> results, string engineReason)
    {
        var result = results[^1];
        var (promise, achieved) = (result.Promise, result.Achievement);
        return new DemoJson(
            "samepage.demo/1", achieved is null ? null : result.Engine,
            achieved is null ? "nothing could be merged" : engineReason,
            result.Missing, result.Programs.Kind, result.Programs.Reason, result.Programs.Megabytes, result.Count,
            result.Content.Count(check => check is { IsUnchanged: true }),
            result.Content.Count(check => check is { IsUnchanged: false }),
            result.Content.Count(check => check is null),
            promise.Estimate.Totals.PresentPages, promise.Estimate.Totals.DistinctPages, promise.Pages, promise.Bytes, promise.DuplicatePages, promise.ZeroPages,
            achieved?.SavedPages, achieved?.SavedBytes, achieved?.MergedPages, achieved?.ZeroedPages,
            achieved?.DeviationPercent(promise),
            achieved is null ? null : achieved.Convergence.State == Governing.Convergence.Converged,
            achieved?.Convergence.Reason, achieved?.FullScans,
            promise.Estimate.Cost.CpuSeconds, promise.Estimate.Cost.WallSeconds, result.Engine == "kernel" ? achieved?.EngineCpuSeconds : null,
            achieved?.EngineCpuSeconds, achieved?.WallSeconds, achieved?.StallMicrosecondsMax, result.CpuSeconds, result.WallSeconds,
            result.PutBack, [.. results.Select(DemoRunJson.From)]);
    }

    /// <summary>The object as text that ends with a line break.</summary>
    public string ToText() => JsonSerializer.Serialize(this, DemoJsonContext.Default.DemoJson) + "\n";
}

/// <summary>What one engine did with programs of its own.</summary>
internal sealed record DemoRunJson(
    string Engine, int ProgramsUp, int ProgramsVerified, long PromisedPages, long? SavedPages, long? SavedBytes,
    double? DeviationPercent, bool? Converged, double? EngineCpuSeconds, double? MergeWallSeconds, double? StallMicrosecondsMax,
    IReadOnlyList<string> Missing)
{
    /// <summary>The form in which a result is written down.</summary>
    public static DemoRunJson From(DemonstrationResult result)
    {
        var achieved = result.Achievement;
        return new DemoRunJson(
            result.Engine, result.Count, result.Content.Count(check => check is { IsUnchanged: true }), result.Promise.Pages,
            achieved?.SavedPages, achieved?.SavedBytes, achieved?.DeviationPercent(result.Promise),
            achieved is null ? null : achieved.Convergence.State == Governing.Convergence.Converged,
            achieved?.EngineCpuSeconds, achieved?.WallSeconds, achieved?.StallMicrosecondsMax, result.Missing);
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(DemoJson))]
internal sealed partial class DemoJsonContext : JsonSerializerContext;
