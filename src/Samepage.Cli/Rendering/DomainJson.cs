using Samepage.Merging.User.Keeping;

namespace Samepage.Cli.Rendering;

/// <summary>A domain as it stands in the JSON of <c>status</c>.</summary>
internal sealed record DomainJson(
    string Domain, int KeeperPid, double KeeperUptimeSeconds, long KeeperRssBytes, double KeeperCpuSeconds, long IndexBytes,
    long NotedContents, long StableContents, SegmentsReport Segments, long MergedPages, long StablePages, long SavedPages,
    long SavedBytes, long CowBreaksTotal, double MembersCpuSeconds, long StallMicrosecondsP999, double StallMicrosecondsMax,
    IReadOnlyList<MemberJson> Members)
{
    public static DomainJson From(DomainReport report)
    {
        var figures = DomainFigures.Of(report);
        return new DomainJson(
            report.Domain, report.KeeperPid, report.UptimeSeconds, report.RssBytes, report.CpuSeconds, report.IndexBytes,
            report.Notes, report.StableContents, report.Segments, figures.MergedPages, figures.StablePages, figures.SavedPages,
            figures.SavedPages * 4096, figures.CowBreaksTotal, figures.MembersCpuSeconds, figures.Stalls.MicrosecondsP999,
            figures.Stalls.MicrosecondsMax, [.. report.Members.Select(MemberJson.From)]);
    }
}

/// <summary>A member in it.</summary>
internal sealed record MemberJson(
    int Pid, string Name, uint UserId, string State, string Reason, long NotedContents, int SegmentsUsed, double CpuSeconds,
    long StallMicrosecondsP999, double StallMicrosecondsMax, MemberFigures Counters, IReadOnlyList<ulong> StallsByPowerOfTwoMicroseconds)
{
    public static MemberJson From(MemberReport member)
    {
        var stalls = StallFigures.Of([member]);
        return new MemberJson(
            member.Pid, member.Name, member.UserId, member.State, member.Reason, member.NotesHeld, member.SegmentsUsed,
            DomainFigures.CpuSeconds(member), stalls.MicrosecondsP999, stalls.MicrosecondsMax, member.Counters,
            member.StallsByPowerOfTwoMicroseconds);
    }
}
