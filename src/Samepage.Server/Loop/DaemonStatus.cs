using System.Text.Json;
using System.Text.Json.Serialization;
using Samepage.Governing;
using Samepage.Guarding;

namespace Samepage.Server.Loop;

/// <summary>Where a daemon stands after a turn, as <c>samepage.serve/1</c>. Immutable.</summary>
/// <param name="Schema">What this is.</param>
/// <param name="Pid">The daemon.</param>
/// <param name="Version">Its version.</param>
/// <param name="StartedAt">Since when it serves.</param>
/// <param name="TakenAt">When the turn was.</param>
/// <param name="DryRun">It acts on nothing.</param>
/// <param name="Policy">What it follows.</param>
/// <param name="Governor">What the governor is about.</param>
/// <param name="Guard">Where the guard stands.</param>
/// <param name="Host">What it saw.</param>
/// <param name="Rules">What the rules came to.</param>
/// <param name="Self">What the daemon itself takes.</param>
public sealed record DaemonStatus(
    string Schema, int Pid, string Version, DateTimeOffset StartedAt, DateTimeOffset TakenAt, bool DryRun, PolicyPart Policy,
    GovernorPart Governor, GuardPart Guard, HostFigures Host, RulesPart Rules, SelfPart Self)
{
    /// <summary>The schema's name.</summary>
    public const string SchemaName = "samepage.serve/1";

    /// <summary>As JSON.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, ServerJson.Default.DaemonStatus);

    /// <summary>Reads what a daemon wrote; null where it is something else.</summary>
    public static DaemonStatus? TryRead(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, ServerJson.Default.DaemonStatus) is { Schema: SchemaName } status ? status : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>What policy a daemon follows.</summary>
/// <param name="Sources">The files.</param>
/// <param name="Rules">How many rules they have.</param>
/// <param name="LoadedAt">When they were read.</param>
/// <param name="CpuBudgetPercent">CPU time that ksmd and the daemon may take, in percent of one core.</param>
/// <param name="RefusedReason">Why what lies on disk by now is not followed; null where it is.</param>
public sealed record PolicyPart(IReadOnlyList<string> Sources, int Rules, DateTimeOffset LoadedAt, double CpuBudgetPercent, string? RefusedReason);

/// <summary>What the governor is about.</summary>
/// <param name="Mode">In one word; "absent" where the kernel has no merging.</param>
/// <param name="Reason">Why.</param>
/// <param name="KsmdRunning">Whether ksmd is told to scan.</param>
/// <param name="PagesToScan">How many pages in each of its turns.</param>
/// <param name="SleepMilliseconds">And how long it sleeps after each.</param>
/// <param name="WantedCores">The share of one core that this is meant to take.</param>
/// <param name="BudgetLeftSeconds">CPU time left in the budget's window.</param>
/// <param name="GainBytesPerCpuSecond">What ksmd's latest CPU time brought; null where it had too little to say.</param>
/// <param name="SettingsLeftAlone">Settings of ksmd that somebody else insisted on, and that are left alone until the policy is read anew.</param>
public sealed record GovernorPart(
    string Mode, string Reason, bool KsmdRunning, long PagesToScan, long SleepMilliseconds, double WantedCores, double BudgetLeftSeconds,
    double? GainBytesPerCpuSecond, IReadOnlyList<string> SettingsLeftAlone)
{
    internal static GovernorPart Of(GovernorDecision? decision, IEnumerable<string> leftAlone) => decision is null
        ? new GovernorPart("absent", "this kernel has no KSM", false, 0, 0, 0, 0, null, [])
        : new GovernorPart(
            JsonNamingPolicy.SnakeCaseLower.ConvertName(decision.Mode.ToString()), decision.Reason, decision.Order.IsRunning, decision.Order.PagesToScan,
            decision.Order.SleepMilliseconds, decision.WantedShare, decision.BudgetLeftSeconds, decision.GainBytesPerCpuSecond, [.. leftAlone.Order(StringComparer.Ordinal)]);
}

/// <summary>Where the guard stands.</summary>
/// <param name="GrowthHeld">Nothing may merge further on the host.</param>
/// <param name="AdmissionRefused">No new guest is admitted on the host.</param>
/// <param name="ProvidedSwapBytes">Swap that Samepage added.</param>
/// <param name="Scopes">The host, and each control group with a limit.</param>
/// <param name="OrdersTotal">How often each action was ordered.</param>
public sealed record GuardPart(
    bool GrowthHeld, bool AdmissionRefused, long ProvidedSwapBytes, IReadOnlyList<ScopePart> Scopes, IReadOnlyDictionary<string, long> OrdersTotal);

/// <summary>Where the guard stands with a scope.</summary>
/// <param name="Name">"host", or the control group's path.</param>
/// <param name="Level">How far the guard has gone.</param>
/// <param name="ExposureBytes">What would be needed if every merged page broke now.</param>
/// <param name="HeadroomBytes">What could be supplied.</param>
/// <param name="Coverage">Headroom divided by exposure; null where nothing is merged.</param>
/// <param name="MemoryPressurePercent">How much of the last ten seconds somebody waited for memory.</param>
/// <param name="Figures">All of that in words.</param>
public sealed record ScopePart(
    string Name, GuardLevel Level, long ExposureBytes, long HeadroomBytes, double? Coverage, double MemoryPressurePercent, string Figures)
{
    internal static ScopePart Of(GuardState state) => new(
        state.Scope.Name, state.Level, state.Scope.ExposureBytes, state.Scope.HeadroomBytes,
        state.Scope.ExposureBytes > 0 ? state.Scope.Coverage : null, state.Scope.Pressure, state.Figures);
}

/// <summary>What a daemon saw of the host.</summary>
/// <param name="SavedBytes">What merging saves.</param>
/// <param name="ProfitBytes">The same less metadata; null where the kernel does not tell (before 6.4).</param>
/// <param name="TrackedPages">Pages that ksmd keeps metadata for.</param>
/// <param name="FullScansTotal">Whole passes of ksmd since boot.</param>
/// <param name="ScannedPagesTotal">Pages it has looked at since boot; null where the kernel does not count them.</param>
/// <param name="KsmdCpuSeconds">CPU time of ksmd since boot; null where it cannot be seen.</param>
/// <param name="EligibleProcesses">Processes that opted in.</param>
/// <param name="EligibleBytes">Their private memory.</param>
/// <param name="AvailableBytes">What new programs could have without swapping.</param>
/// <param name="CpuPressurePercent">How much of the last ten seconds somebody waited for a CPU.</param>
public sealed record HostFigures(
    long SavedBytes, long? ProfitBytes, long TrackedPages, long FullScansTotal, long? ScannedPagesTotal, double? KsmdCpuSeconds, int EligibleProcesses,
    long EligibleBytes, long AvailableBytes, double CpuPressurePercent)
{
    internal static HostFigures Of(HostSample sample) => new(
        sample.SavedBytes, sample.ProfitBytes, sample.TrackedPages, sample.FullScans, sample.PagesScanned, sample.KsmdCpuNanoseconds / 1e9,
        sample.EligibleProcesses, sample.EligibleBytes, sample.AvailableBytes, sample.CpuPressure);
}

/// <summary>What the rules came to.</summary>
/// <param name="MatchedProcesses">Processes that fall under one.</param>
/// <param name="SwitchedOnProcesses">Processes that Samepage switched on.</param>
public sealed record RulesPart(int MatchedProcesses, int SwitchedOnProcesses);

/// <summary>What the daemon itself takes.</summary>
/// <param name="CpuSeconds">CPU time since its start.</param>
/// <param name="ResidentBytes">Memory.</param>
/// <param name="TurnsTotal">Turns of its loop.</param>
/// <param name="DecisionsTotal">What it told.</param>
/// <param name="ReloadsTotal">Policies read anew.</param>
/// <param name="RefusedReloadsTotal">Policies that were refused.</param>
public sealed record SelfPart(double CpuSeconds, long ResidentBytes, long TurnsTotal, long DecisionsTotal, long ReloadsTotal, long RefusedReloadsTotal);

/// <summary>Decisions, as <c>samepage.decisions/1</c>.</summary>
/// <param name="Schema">What this is.</param>
/// <param name="Rule">The rule that the process asked about falls under; null where none, or no process was asked about.</param>
/// <param name="Decisions">The oldest first.</param>
public sealed record DecisionList(string Schema, string? Rule, IReadOnlyList<Decision> Decisions)
{
    /// <summary>The schema's name.</summary>
    public const string SchemaName = "samepage.decisions/1";

    /// <summary>As JSON.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, ServerJson.Default.DecisionList);

    /// <summary>Reads what a daemon wrote; null where it is something else.</summary>
    public static DecisionList? TryRead(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, ServerJson.Default.DecisionList) is { Schema: SchemaName } list ? list : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>The guard's levels in lower case.</summary>
public sealed class GuardLevelConverter() : JsonStringEnumConverter<GuardLevel>(JsonNamingPolicy.SnakeCaseLower);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, Converters = [typeof(GuardLevelConverter)])]
[JsonSerializable(typeof(DaemonStatus))]
[JsonSerializable(typeof(DecisionList))]
[JsonSerializable(typeof(Decision))]
internal sealed partial class ServerJson : JsonSerializerContext;
