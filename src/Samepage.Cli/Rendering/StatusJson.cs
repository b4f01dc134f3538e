using System.Text.Json;
using System.Text.Json.Serialization;
using Samepage.Governing;
using Samepage.Guarding;
using Samepage.Merging.User.Keeping;
using Samepage.Server.Loop;

namespace Samepage.Cli.Rendering;

/// <summary>The merging of a host and its processes, as <c>samepage.status/1</c>.</summary>
internal sealed record StatusJson(
    string Schema, DateTimeOffset TakenAt, StatusJson.HostPart Host, StatusJson.ConvergencePart Convergence,
    IReadOnlyList<StatusJson.ProcessPart> Processes, int OptedInUnmergedProcesses, int UnreadableProcesses,
    IReadOnlyList<DomainJson> Domains, DaemonStatus? Daemon)
{
    public static StatusJson From(HostMerging host, HostCoverage? coverage, ProcessSurvey survey, ConvergenceVerdict verdict, KsmdPace? pace, IReadOnlyList<DomainReport> domains, DaemonStatus? daemon) => new(
        "samepage.status/1", host.Sample.TakenAt,
        new HostPart(
            host.State, host.IsAdvisorOn, host.Sample.FullScans, host.PagesShared, host.PagesSharing, host.ZeroPages,
            host.PagesUnshared, host.PagesVolatile, host.SavedBytes, host.MetadataBytes, host.ProfitBytes,
            host.KsmdCpuSeconds, pace?.CpuShare, pace?.Over.TotalSeconds, coverage?.Exposure.Bytes,
            coverage?.Headroom.Bytes, coverage?.Coverage.Ratio),
        new ConvergencePart(verdict.State, verdict.Reason, verdict.QuietPasses, verdict.NeededPasses),
        [.. survey.Shown.Select(process => new ProcessPart(
            process.Pid, process.Name, process.IsReadable, process.OptIn, process.MergedPages, process.ZeroPages,
            process.TrackedPages, process.SavedBytes, process.ProfitBytes))],
        survey.OptedInUnmerged, survey.Unreadable, [.. domains.Select(DomainJson.From)], daemon);

    public string ToText() => JsonSerializer.Serialize(this, StatusJsonContext.Default.StatusJson) + "\n";

    internal sealed record HostPart(
        KsmdState Ksmd, bool AdvisorOn, long FullScans, long SharedPages, long SharingPages, long ZeroPages, long UnsharedPages,
        long VolatilePages, long SavedBytes, long MetadataBytes, long ProfitBytes, double? KsmdCpuSeconds, double? KsmdCpuShare,
        double? KsmdCpuShareOverSeconds, long? ExposureBytes, long? HeadroomBytes, double? Coverage);

    internal sealed record ConvergencePart(Convergence State, string Reason, long QuietFullScans, long NeededFullScans);

    internal sealed record ProcessPart(
        int Pid, string Name, bool Readable, OptInKind OptIn, long MergedPages, long ZeroPages, long TrackedPages, long SavedBytes,
        long ProfitBytes);
}

internal sealed class KsmdStateConverter() : JsonStringEnumConverter<KsmdState>(JsonNamingPolicy.SnakeCaseLower);

internal sealed class ConvergenceConverter() : JsonStringEnumConverter<Convergence>(JsonNamingPolicy.SnakeCaseLower);

internal sealed class OptInKindConverter() : JsonStringEnumConverter<OptInKind>(JsonNamingPolicy.SnakeCaseLower);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true,
    Converters = [typeof(KsmdStateConverter), typeof(ConvergenceConverter), typeof(OptInKindConverter), typeof(GuardLevelConverter)])]
[JsonSerializable(typeof(StatusJson))]
internal sealed partial class StatusJsonContext : JsonSerializerContext;
