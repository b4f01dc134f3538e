using System.Text.Json;
using System.Text.Json.Serialization;
using Samepage.Governing;
using Samepage.Merging.User.Keeping;
using Samepage.Server.Loop;

namespace Samepage.Cli.Rendering;

/// <summary>Why a process's pages are merged or are not, as <c>samepage.explain/1</c>.</summary>
/// <param name="Schema">What this is.</param>
/// <param name="Pid">The process.</param>
/// <param name="Name">Its command name.</param>
/// <param name="Engine">"user", "kernel" or "none".</param>
/// <param name="Domain">Of the user engine; null where it is no member.</param>
/// <param name="Member">What it says as a member; null likewise.</param>
/// <param name="KernelMerging">What the kernel's merging has to do with it; null where the kernel has none or does not say.</param>
/// <param name="Reasons">In words, the most important first.</param>
internal sealed record Explanation(
    string Schema, int Pid, string Name, string Engine, string? Domain, MemberJson? Member, Explanation.KernelPart? KernelMerging,
    IReadOnlyList<string> Reasons)
{
    /// <summary>The rule of the daemon's policy that it falls under; null where none, or no daemon can be asked.</summary>
    public string? Rule { get; init; }

    /// <summary>The daemon's latest decisions about it, the oldest first; null where no daemon can be asked.</summary>
    public IReadOnlyList<Decision>? Decisions { get; init; }

    public static Explanation OfMember(DomainReport report, MemberReport member) => new(
        "samepage.explain/1", member.Pid, member.Name, "user", report.Domain, MemberJson.From(member), null, MemberReasons(member));

    public static Explanation OfOther(HostMerging host, ProcessMerging process, bool hasLibrary, string? driver) => new(
        "samepage.explain/1", process.Pid, process.Name, process.OptIn == OptInKind.None ? "none" : "kernel", null, null,
        host.State == KsmdState.Absent
            ? null
            : new KernelPart(host.State, process.OptIn, process.IsReadable, process.MergedPages, process.ZeroPages, process.TrackedPages, process.SavedBytes, process.ProfitBytes),
        [.. KernelReasons(host, process, driver), .. hasLibrary ? [LibraryReason] : Array.Empty<string>()]);

    public string ToText() => JsonSerializer.Serialize(this, ExplanationContext.Default.Explanation) + "\n";

    private const string LibraryReason =
        "it has libsamepage loaded and is in no domain that can be seen from here: it has advised nothing yet, waits for a keeper, or has left";

    private static IReadOnlyList<string> MemberReasons(MemberReport member)
    {
        var counters = member.Counters;
        string[] found =
        [
            member.Reason.Length > 0 ? member.Reason : "",
            counters.AdvisedBytes == 0 ? "it has advised nothing, or has not said so yet" : "",
            counters is { AdvisedBytes: > 0, PassesTotal: 0 } ? "its memory has not been looked at once as a whole yet" : "",
            counters is { PassesTotal: > 0, MergedPages: 0, MergedPagesTotal: 0 } ? "no other page in the domain holds the same" : "",
            counters is { MergedPages: 0, MergedPagesTotal: > 0 } ? "all that was merged has been written since" : "",
            counters.MergedPages > 0 ? $"{Readable.Count(DomainFigures.Bounded(counters.MergedPages))} of its pages are merged" : "",
        ];
        return [.. found.Where(reason => reason.Length > 0)];
    }

    private static IEnumerable<string> KernelReasons(HostMerging host, ProcessMerging process, string? driver)
    {
        if (!process.IsReadable)
        {
            yield return "what the kernel merged of it may not be looked at from here; run as root";
        }
        else if (process is { MergedPages: > 0 } or { ZeroPages: > 0 })
        {
            yield return $"the kernel has merged {Readable.Count(process.MergedPages)} of its pages and {Readable.Count(process.ZeroPages)} zero pages";
        }
        else if (process.OptIn == OptInKind.None)
        {
            yield return "it has not asked to be merged, neither as a whole nor for parts: 'samepage enable --pid' or 'samepage run' opts it in";
        }
        else
        {
            yield return process.TrackedPages == 0
                ? "it has opted in, and ksmd has not come to it yet"
                : $"it has opted in; ksmd has looked at {Readable.Count(process.TrackedPages)} of its pages and found none that stays the same and equals another";
        }

        if (process.IsReadable && process.OptIn != OptInKind.None && host.State != KsmdState.Scanning)
        {
            yield return driver is null
                ? "ksmd stands still, so nothing more is merged until it is started ('samepage enable' does)"
                : DaemonQuery.LeftTo(driver);
        }

        if (host.State == KsmdState.Absent)
        {
            yield return "this kernel has no KSM; the user engine needs none ('samepage run --engine user')";
        }
    }

    internal sealed record KernelPart(
        KsmdState Ksmd, OptInKind OptIn, bool Readable, long MergedPages, long ZeroPages, long TrackedPages, long SavedBytes, long ProfitBytes);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true,
    Converters = [typeof(KsmdStateConverter), typeof(OptInKindConverter)])]
[JsonSerializable(typeof(Explanation))]
internal sealed partial class ExplanationContext : JsonSerializerContext;
