using System.Text.Json;
using System.Text.Json.Serialization;
using Samepage.Guarding;
using Samepage.Planning;

namespace Samepage.Cli.Rendering;

/// <summary>An admission, as <c>samepage.admit/1</c>.</summary>
internal sealed record AdmissionJson(
    string Schema, bool Admitted, GuestJson Guest, AdmissionJson.HostPart Host, IReadOnlyList<AdmissionJson.ScopePart> Scopes,
    IReadOnlyList<string> Assumptions, string? DaemonRefusal)
{
    public static AdmissionJson From(Admission admission, HostCoverage host, GuestKind kind, string? daemonRefusal, IReadOnlyList<string> assumptions) => new(
        "samepage.admit/1", admission.IsAdmitted && daemonRefusal is null, GuestJson.From(kind),
        new HostPart(
            host.Headroom.AvailableBytes, host.Headroom.SwapFreeBytes, HostHeadroom.ReserveBytes, host.Exposure.KernelBytes,
            host.Exposure.UserBytes),
        [.. admission.Scopes.Select(scope => new ScopePart(
            scope.Name, scope.Verdict, scope.Floor, scope.Before.ExposureBytes, scope.Before.HeadroomBytes, scope.Before.Ratio,
            scope.After.ExposureBytes, scope.After.HeadroomBytes, scope.After.Ratio))],
        assumptions, daemonRefusal);

    public string ToText() => JsonSerializer.Serialize(this, AdmissionJsonContext.Default.AdmissionJson) + "\n";

    internal sealed record HostPart(
        long AvailableBytes, long SwapFreeBytes, long ReserveBytes, long KernelExposureBytes, long UserExposureBytes);

    internal sealed record ScopePart(
        string Name, AdmissionVerdict Verdict, double CoverageFloor, long ExposureBytes, long HeadroomBytes, double? Coverage,
        long ExposureWithGuestBytes, long HeadroomWithGuestBytes, double? CoverageWithGuest);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true,
    Converters = [typeof(SnakeCaseEnum<ProfileSource>), typeof(SnakeCaseEnum<AdmissionVerdict>)])]
[JsonSerializable(typeof(AdmissionJson))]
internal sealed partial class AdmissionJsonContext : JsonSerializerContext;
