using System.Text.Json;
using System.Text.Json.Serialization;
using Samepage.Planning;

namespace Samepage.Cli.Rendering;

/// <summary>A plan, as <c>samepage.plan/1</c>.</summary>
internal sealed record PlanJson(
    string Schema, int Guests, bool Fits, int GuestsFit, int GuestsFitUnmerged, GuestJson Guest, long HostBytes, long ReserveBytes,
    long SwapBytes, long UnmergedBytes, long MergedBytes, long PeakBytes, long ExposureBytes, long HeadroomBytes, double? Coverage,
    long SwapForBreaksBytes, long SwapForFullUseBytes, IReadOnlyList<string> Assumptions)
{
    public static PlanJson From(GuestPlan plan, GuestKind kind, IReadOnlyList<string> assumptions) => new(
        "samepage.plan/1", plan.Guests, plan.Fits, plan.GuestsFit, plan.GuestsFitUnmerged, GuestJson.From(kind), plan.Host.Bytes,
        plan.Host.ReserveBytes, plan.Host.SwapBytes, plan.UnmergedBytes, plan.MergedBytes, plan.PeakBytes, plan.Coverage.ExposureBytes,
        plan.Coverage.HeadroomBytes, plan.Coverage.Ratio, plan.SwapForBreaksBytes, plan.SwapForFullUseBytes, assumptions);

    public string ToText() => JsonSerializer.Serialize(this, PlanJsonContext.Default.PlanJson) + "\n";
}

/// <summary>What one guest asks of a host.</summary>
internal sealed record GuestJson(
    ProfileSource Profile, int ProfiledGuests, long SizeBytes, long ResidentBytes, long UniqueBytes, long CommonBytes,
    long OverheadBytes, long NeededBytes, long MergedBytes)
{
    public static GuestJson From(GuestKind kind) => new(
        kind.Source, kind.Profile.Guests, kind.Demand.SizeBytes, kind.Demand.ResidentBytes, kind.Demand.UniqueBytes,
        kind.Demand.CommonBytes, kind.Demand.OverheadBytes, kind.Demand.NeededBytes, kind.Demand.MergedBytes);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, Converters = [typeof(SnakeCaseEnum<ProfileSource>)])]
[JsonSerializable(typeof(PlanJson))]
internal sealed partial class PlanJsonContext : JsonSerializerContext;
