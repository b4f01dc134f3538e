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

    /// <summary>Reads a report; null where the text is none.</summary>
    public static DomainReport? TryRead(ReadOnlySpan<byte> text)
    {
        try
        {
            return JsonSerializer.Deserialize(text, DomainReportContext.Default.DomainReport) is { Schema: SchemaName, Members: not null, Segments: not null } report
                ? report
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
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
    ulong CpuNanosecondsTotal, ulong MetadataBytes, ulong PassesTotal);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(DomainReport))]
internal sealed partial class DomainReportContext : JsonSerializerContext;
