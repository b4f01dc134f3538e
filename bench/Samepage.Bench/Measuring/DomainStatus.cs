using System.Diagnostics;
using System.Text.Json;

namespace Samepage.Bench.Measuring;

/// <summary>One member of a domain.</summary>
internal sealed record DomainMember(
    int Pid, string Reason, MemberFigures Counters, IReadOnlyList<long> StallsByPowerOfTwoMicroseconds);

/// <summary>A member's counters, in the words of samepage.h.</summary>
internal sealed record MemberFigures
{
    public long AdvisedBytes { get; init; }
    public long MergedPages { get; init; }
    public long BrokenPages { get; init; }
    public long ZeroPagesTotal { get; init; }
    public long ScannedPagesTotal { get; init; }
    public long MergedPagesTotal { get; init; }
    public long PromotedPagesTotal { get; init; }
    public long DifferedPagesTotal { get; init; }
    public long PinnedPagesTotal { get; init; }
    public long CowBreaksTotal { get; init; }
    public long ReturnedPagesTotal { get; init; }
    public long Segments { get; init; }
    public long Mappings { get; init; }
    public long WindowsTotal { get; init; }
    public long WindowNanosecondsMax { get; init; }
    public long WindowNanosecondsTotal { get; init; }
    public long CpuNanosecondsTotal { get; init; }
    public long MetadataBytes { get; init; }
    public long PassesTotal { get; init; }
}

/// <summary>The segments of a domain.</summary>
internal sealed record DomainSegments(int Count, long Pages, long Bytes, int Retiring);

/// <summary>What a keeper tells of its domain.</summary>
internal sealed record DomainAccount(
    string Domain, long RssBytes, double CpuSeconds, long IndexBytes, long Notes, DomainSegments Segments,
    IReadOnlyList<DomainMember> Members);

/// <summary>What <c>samepage status --json</c> says of a domain.</summary>
internal static class DomainStatus
{
    /// <summary>The domain, or null where it has no keeper, or not yet.</summary>
    public static DomainAccount? Read(string executable, string domain)
    {
        var start = new ProcessStartInfo(executable, ["status", "--json"]) { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        using var status = JsonDocument.Parse(process.StandardOutput.ReadToEnd());
        process.WaitForExit();
        return status.RootElement.GetProperty("domains").EnumerateArray()
            .Select(entry => entry.Deserialize<DomainAccount>(BenchOptions.Json))
            .FirstOrDefault(account => account!.Domain == domain);
    }
}
