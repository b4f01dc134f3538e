using System.Text;
using System.Text.Json;
using Samepage.Linux.Memory;
using Samepage.Linux.Proc;
using Samepage.Merging.User.Protocol;

namespace Samepage.Merging.User.Keeping;

/// <summary>Puts into words and figures what a keeper knows.</summary>
internal sealed class DomainReporter(Domain domain, long uptimeMilliseconds)
{
    private static readonly string[] s_states = ["none", "joining", "merging", "stopped", "child"];
    private readonly ProcFs _proc = new();

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(Report(), DomainReportContext.Default.DomainReport);

    private DomainReport Report()
    {
        var pages = domain.Segments.All.Sum(segment => (long)segment.Pages);
        return new DomainReport(
            DomainReport.SchemaName, domain.Name, Environment.ProcessId, uptimeMilliseconds / 1000.0,
            ProcessStatus.TryRead(_proc, Environment.ProcessId)?.ResidentBytes ?? 0,
            ProcessStat.TryRead(_proc, Environment.ProcessId)?.CpuSeconds ?? 0,
            domain.Index.TableBytes, domain.Ledger.LivingNotes, domain.StableContents,
            new SegmentsReport(
                domain.Segments.Count, pages, pages * AnonymousMemory.PageSize, domain.Segments.All.Count(segment => segment.IsRetiring)),
            [.. domain.Members.Where(member => member.HasJoined).OrderBy(member => member.Peer.Pid).Select(Describe)]);
    }

    private MemberReport Describe(Member member) => new(
        member.Peer.Pid, NameOf(member.Peer.Pid), member.Peer.UserId,
        s_states[Math.Min(member.Report.Counters.State, (uint)s_states.Length - 1)], ReasonOf(member.Report),
        domain.Ledger.NotesOf(member.Number), member.Segments.Count, FiguresOf(member.Report.Counters), StallsOf(member.Report));

    private string NameOf(int pid) => _proc.TryRead(pid, "comm")?.TrimEnd('\n') ?? "?";

    private static unsafe string ReasonOf(in ReportBody report)
    {
        fixed (byte* text = report.Reason)
        {
            var bytes = new ReadOnlySpan<byte>(text, ReportBody.ReasonBytes);
            return Encoding.UTF8.GetString(bytes.IndexOf((byte)0) is var end and >= 0 ? bytes[..end] : bytes);
        }
    }

    private static unsafe ulong[] StallsOf(in ReportBody report)
    {
        fixed (ulong* stalls = report.Stalls)
        {
            return new ReadOnlySpan<ulong>(stalls, ReportBody.StallBuckets).ToArray();
        }
    }

    private static MemberFigures FiguresOf(in MemberCounters counters) => new(
        counters.AdvisedBytes, counters.MergedPages, counters.BrokenPages, counters.ZeroPagesTotal, counters.ScannedPagesTotal,
        counters.MergedPagesTotal, counters.PromotedPagesTotal, counters.DifferedPagesTotal, counters.PinnedPagesTotal,
        counters.CowBreaksTotal, counters.ReturnedPagesTotal, counters.Segments, counters.Mappings, counters.WindowsTotal,
        counters.WindowNanosecondsMax, counters.WindowNanosecondsTotal, counters.CpuNanosecondsTotal, counters.MetadataBytes,
        counters.PassesTotal);
}
