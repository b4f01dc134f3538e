using System.Text.Json;
using System.Text.Json.Serialization;
using Samepage.Governing;
using Samepage.Guarding;
using Samepage.Server.Loop;

namespace Samepage.Cli.Rendering;

/// <summary>Why a host's merging is as it is, as <c>samepage.explain/1</c> about the host.</summary>
/// <param name="Schema">What this is.</param>
/// <param name="About">"host".</param>
/// <param name="Daemon">Where the daemon stands; null where none runs, or it does not talk to this user.</param>
/// <param name="Reasons">In words, the most important first.</param>
/// <param name="Decisions">The daemon's latest, the oldest first; null without one.</param>
internal sealed record HostExplanation(
    string Schema, string About, DaemonStatus? Daemon, IReadOnlyList<string> Reasons, IReadOnlyList<Decision>? Decisions)
{
    public static HostExplanation Of(HostMerging host, HostCoverage? coverage, DaemonStatus? daemon, DecisionList? list) => new(
        "samepage.explain/1", "host", daemon, [.. ReasonsOf(host, coverage, daemon)], list?.Decisions);

    public string ToText() => JsonSerializer.Serialize(this, HostExplanationContext.Default.HostExplanation) + "\n";

    private static IEnumerable<string> ReasonsOf(HostMerging host, HostCoverage? coverage, DaemonStatus? daemon)
    {
        yield return host.State switch
        {
            KsmdState.Absent => "this kernel has no KSM; the user engine needs none ('samepage run --engine user')",
            KsmdState.Scanning => $"ksmd scans{(host.IsAdvisorOn ? ", paced by the kernel's advisor" : "")}, and {Readable.Size(host.SavedBytes)} are saved",
            KsmdState.Unmerging => "run is 2: everything was unmerged, and ksmd stands still",
            _ => $"ksmd stands still; what is merged stays merged ({Readable.Size(host.SavedBytes)} saved)",
        };
        if (coverage is { Coverage: { Ratio: { } ratio } covered })
        {
            yield return FormattableString.Invariant($"if every merged page broke now, {Readable.Size(covered.ExposureBytes)} would be needed, and {Readable.Size(covered.HeadroomBytes)} could be supplied: {ratio:0.00} times as much");
        }

        if (daemon is null)
        {
            yield return "no daemon can be asked from here ('samepage serve', or run this as root), so nothing is known of decisions";
            yield break;
        }

        yield return $"the governor is {daemon.Governor.Mode}: {daemon.Governor.Reason}";
        foreach (var scope in daemon.Guard.Scopes)
        {
            yield return $"the guard's level in {Readable.Name(scope.Name)} is {JsonNamingPolicy.SnakeCaseLower.ConvertName(scope.Level.ToString())}: {scope.Figures}";
        }
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, Converters = [typeof(GuardLevelConverter)])]
[JsonSerializable(typeof(HostExplanation))]
internal sealed partial class HostExplanationContext : JsonSerializerContext;
