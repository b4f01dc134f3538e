using System.Text.Json;
using System.Text.Json.Serialization;

namespace Samepage.Merging.User.Keeping;

/// <summary>What a keeper tells of its domain, as <c>samepage.domain/1</c>; made by the keeper, read by verbs.</summary>
public sealed record DomainReport(
    string Schema, string Domain, int KeeperPid, double UptimeSeconds, long RssBytes, double CpuSeconds, long IndexBytes,
    long Notes, long StableContents, SegmentsReport Segments, IReadOnlyList<MemberReport> Members)
{
    /// <summary>What a report calls itself.</summary>
    public const string SchemaName = "samepage.domain/1";

    private const int MembersMax = 4096;

    /// <summary>Reads a report; null where the text is none. No figure is more than any machine could have: sums of them fit.</summary>
    public static DomainReport? TryRead(ReadOnlySpan<byte> text)
    {
        try
        {
            return JsonSerializer.Deserialize(text, DomainReportContext.Default.DomainReport) is { Schema: SchemaName, Domain: not null, Members.Count: <= MembersMax, Segments: not null } report
                && report.Members.All(member => member is { Name: not null, State: not null, Reason: not null, Counters: not null, StallsByPowerOfTwoMicroseconds: not null })
                ? report.Sane()
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private DomainReport Sane() => this with
    {
        UptimeSeconds = Math.Clamp(UptimeSeconds, 0, 1e10),
        RssBytes = FigureLimits.Bytes(RssBytes),
        CpuSeconds = Math.Clamp(CpuSeconds, 0, 1e10),
        IndexBytes = FigureLimits.Bytes(IndexBytes),
        Notes = FigureLimits.Pages(Notes),
        StableContents = FigureLimits.Pages(StableContents),
        Segments = new SegmentsReport(Math.Max(0, Segments.Count), FigureLimits.Pages(Segments.Pages), FigureLimits.Bytes(Segments.Bytes), Math.Max(0, Segments.Retiring)),
        Members = [.. Members.Select(member => member with { Counters = member.Counters.Sane() })],
    };
}

/// <summary>The segments of a domain, added up.</summary>
public sealed record SegmentsReport(int Count, long Pages, long Bytes, int Retiring);

/// <summary>A member, as it reported last. The state is that of samepage.h, in words.</summary>
public sealed record MemberReport(
    int Pid, string Name, uint UserId, string State, string Reason, long NotesHeld, int SegmentsUsed, MemberFigures Counters,
    IReadOnlyList<ulong> StallsByPowerOfTwoMicroseconds);

/// <summary>A member's counters; samepage.h says what each means.</summary>
public sealed record MemberFigures(
    ulong AdvisedBytes, ulong MergedPages, ulong BrokenPages, ulong ZeroPagesTotal, ulong ScannedPagesTotal, ulong MergedPagesTotal,
    ulong PromotedPagesTotal, ulong DifferedPagesTotal, ulong PinnedPagesTotal, ulong CowBreaksTotal, ulong ReturnedPagesTotal,
    ulong Segments, ulong Mappings, ulong WindowsTotal, ulong WindowNanosecondsMax, ulong WindowNanosecondsTotal,
    ulong CpuNanosecondsTotal, ulong MetadataBytes, ulong PassesTotal)
{
    /// <summary>The same, with nothing beyond what a machine could have.</summary>
    internal MemberFigures Sane() => this with
    {
        AdvisedBytes = FigureLimits.Bytes(AdvisedBytes),
        MergedPages = FigureLimits.Pages(MergedPages),
        BrokenPages = FigureLimits.Pages(BrokenPages),
        MetadataBytes = FigureLimits.Bytes(MetadataBytes),
        CpuNanosecondsTotal = Math.Min(CpuNanosecondsTotal, FigureLimits.Nanoseconds),
        WindowNanosecondsMax = Math.Min(WindowNanosecondsMax, FigureLimits.Nanoseconds),
        WindowNanosecondsTotal = Math.Min(WindowNanosecondsTotal, FigureLimits.Nanoseconds),
    };
}

/// <summary>More than any machine has: 256 TiB of memory, 52 days of a processor's time for one engine.</summary>
internal static class FigureLimits
{
    /// <summary>Of time.</summary>
    public const ulong Nanoseconds = 1UL << 52;

    private const long MostPages = 1L << 36, PageBytes = 4096;

    public static long Pages(long pages) => Math.Clamp(pages, 0, MostPages);

    public static ulong Pages(ulong pages) => Math.Min(pages, MostPages);

    public static long Bytes(long bytes) => Math.Clamp(bytes, 0, MostPages * PageBytes);

    public static ulong Bytes(ulong bytes) => Math.Min(bytes, MostPages * PageBytes);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(DomainReport))]
internal sealed partial class DomainReportContext : JsonSerializerContext;
