using System.Text.Json;
using System.Text.Json.Serialization;
using Samepage.Scenarios.Trials;

namespace Samepage.Cli.Rendering;

/// <summary>What <c>samepage demo --json</c> writes; what does not apply is null.</summary>
internal sealed record DemoJson(
    string Schema, string? Engine, string EngineReason, IReadOnlyList<string> Missing,
    string ProgramKind, string ProgramReason, int ProgramMegabytes, int ProgramsUp, int ProgramsVerified, int ProgramsCorrupt,
    int ProgramsLost, long PresentPages, long DistinctPages, long PromisedPages, long PromisedBytes, long PromisedDuplicatePages, long PromisedZeroPages,
    long? SavedPages, long? SavedBytes, long? MergedPages, long? ZeroedPages, double? DeviationPercent, bool? Converged,
    string? ConvergenceReason, long? FullScans, double EstimateCpuSeconds, double EstimateWallSeconds, double? KsmdCpuSeconds,
    double? MergeWallSeconds, double CpuSeconds, double WallSeconds, IReadOnlyList<string> PutBack)
{
    /// <summary>The form in which a result is written down.</summary>
    public static DemoJson From(DemonstrationResult result)
    {
        var (promise, achieved) = (result.Promise, result.Achievement);
        return new DemoJson(
            "samepage.demo/1", achieved is null ? null : "kernel",
            achieved is null ? "nothing could be merged" : "this kernel has KSM and the caller may opt programs in",
            result.Missing, result.Programs.Kind, result.Programs.Reason, result.Programs.Megabytes, result.Count,
            result.Content.Count(check => check is { IsUnchanged: true }),
            result.Content.Count(check => check is { IsUnchanged: false }),
            result.Content.Count(check => check is null),
            promise.Estimate.Totals.PresentPages, promise.Estimate.Totals.DistinctPages, promise.Pages, promise.Bytes, promise.DuplicatePages, promise.ZeroPages,
            achieved?.SavedPages, achieved?.SavedBytes, achieved?.MergedPages, achieved?.ZeroedPages,
            achieved?.DeviationPercent(promise),
            achieved is null ? null : achieved.Convergence.State == Governing.Convergence.Converged,
            achieved?.Convergence.Reason, achieved?.FullScans,
            promise.Estimate.Cost.CpuSeconds, promise.Estimate.Cost.WallSeconds, achieved?.KsmdCpuSeconds,
            achieved?.WallSeconds, result.CpuSeconds, result.WallSeconds, result.PutBack);
    }

    /// <summary>The object as text that ends with a line break.</summary>
    public string ToText() => JsonSerializer.Serialize(this, DemoJsonContext.Default.DemoJson) + "\n";
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(DemoJson))]
internal sealed partial class DemoJsonContext : JsonSerializerContext;
