using System.Text.Json;
using System.Text.Json.Serialization;
using Samepage.Scenarios.Running;

namespace Samepage.Cli.Rendering;

/// <summary>What <c>samepage scenario NAME --json</c> writes; what does not apply is null.</summary>
internal sealed record ScenarioJson(
    string Schema, string Scenario, string Engine, string ProgramKind, int GuestsWanted, int GuestsUp, int GuestsVerified, int GuestsCorrupt,
    int GuestsLost, long OomKills, long GuestBytes, long LimitBytes, long PeakBytes, long SwapReadyBytes, long SwapPeakBytes,
    double? SwapSharePercent, long SavedBytes, long OracleBytes, double? SavedSharePercent, double CpuSeconds, double WallSeconds,
    bool Good, string? StoppedBy, IReadOnlyList<string> Notes, IReadOnlyList<ScenarioMomentJson> Series)
{
    /// <summary>The form in which a result is written down.</summary>
    public static ScenarioJson From(ScenarioResult result) => new(
        "samepage.scenario/1", result.Scenario, Name(result.Engine), result.Kind, result.Wanted, result.Up, result.Verified, result.Corrupt,
        result.Up - result.Verified - result.Corrupt, result.OomKills, result.ProgramBytes, result.LimitBytes, result.PeakBytes,
        result.SwapReadyBytes, result.SwapPeakBytes, Percent(result.SwapShare), result.SavedBytes, result.OracleBytes,
        Percent(result.SavedShare), Math.Round(result.CpuSeconds, 3), Math.Round(result.WallSeconds, 3), result.IsGood,
        result.StoppedBy, result.Notes, [.. result.Series.Select(ScenarioMomentJson.From)]);

    /// <summary>An engine as the command line and JSON call it.</summary>
    public static string Name(ScenarioEngine engine) => engine switch
    {
        ScenarioEngine.Kernel => "kernel",
        ScenarioEngine.User => "user",
        _ => "none",
    };

    /// <summary>The object as text that ends with a line break.</summary>
    public string ToText() => JsonSerializer.Serialize(this, ScenarioJsonContext.Default.ScenarioJson) + "\n";

    private static double? Percent(double? share) => share is { } part ? Math.Round(100 * part, 3) : null;
}

/// <summary>How it stood at one moment.</summary>
internal sealed record ScenarioMomentJson(
    double WallSeconds, int GuestsUp, long GuestBytes, long UsedBytes, long SwapBytes, long HostUsedBytes, long SavedBytes,
    double? Coverage, double EngineCpuSeconds, double GuestCpuSeconds)
{
    /// <summary>The form in which a moment is written down.</summary>
    public static ScenarioMomentJson From(ScenarioMoment moment) => new(
        Math.Round(moment.Seconds, 2), moment.ProgramsUp, moment.ProgramBytes, moment.UsedBytes, moment.SwapBytes, moment.HostUsedBytes,
        moment.SavedBytes, moment.Coverage is { } ratio ? Math.Round(ratio, 4) : null,
        Math.Round(moment.EngineCpuSeconds, 3), Math.Round(moment.ProgramCpuSeconds, 2));
}

/// <summary>What <c>samepage scenario --json</c> writes.</summary>
internal sealed record ScenarioListJson(string Schema, IReadOnlyList<ScenarioEntryJson> Scenarios)
{
    /// <summary>The name of the list's schema.</summary>
    public const string SchemaName = "samepage.scenarios/1";

    /// <summary>The object as text that ends with a line break.</summary>
    public string ToText() => JsonSerializer.Serialize(this, ScenarioJsonContext.Default.ScenarioListJson) + "\n";
}

/// <summary>One that can be run.</summary>
internal sealed record ScenarioEntryJson(string Name, string Summary, int Guests, long? GuestBytes, long? HostBytes);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(ScenarioJson))]
[JsonSerializable(typeof(ScenarioListJson))]
internal sealed partial class ScenarioJsonContext : JsonSerializerContext;
