using System.Diagnostics;
using System.Text.Json;

namespace Samepage.Bench.Measuring;

/// <summary>One member of a domain, in the words of samepage.h.</summary>
internal sealed record DomainMember
{
    public int Pid { get; init; }
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
    public string Reason { get; init; } = "";
    public IReadOnlyList<long> Stalls { get; init; } = [];
}

/// <summary>What <c>samepage status --json</c> says of a domain.</summary>
internal static class DomainStatus
{
    public static IReadOnlyList<DomainMember> Read(string executable, string domain)
    {
        var start = new ProcessStartInfo(executable, ["status", "--json"]) { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        using var status = JsonDocument.Parse(process.StandardOutput.ReadToEnd());
        process.WaitForExit();
        var found = status.RootElement.GetProperty("domains").EnumerateArray()
            .FirstOrDefault(entry => entry.GetProperty("name").GetString() == domain);
        return found.ValueKind == JsonValueKind.Undefined
            ? []
            : found.GetProperty("members").Deserialize<List<DomainMember>>(BenchOptions.Json)!;
    }
}
