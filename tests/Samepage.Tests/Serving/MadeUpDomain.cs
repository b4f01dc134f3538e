using Samepage.Merging.User.Keeping;

namespace Samepage.Tests.Serving;

/// <summary>What a keeper might say.</summary>
internal static class MadeUpDomain
{
    public static DomainReport Report(string name = "web", params IReadOnlyList<int> pids) => new(
        DomainReport.SchemaName, name, 50, 10, 9 << 20, 1.5, 1 << 20, 4000, 2000, new SegmentsReport(1, 2000, 2000 * 4096, 0),
        [.. pids.Select(pid => new MemberReport(pid, "redis", 0, "merging", "", 10, 1, Figures, []))]);

    private static MemberFigures Figures => new(
        64 << 20, 5000, 100, 40, 90_000, 6000, 2000, 3, 0, 77, 0, 1, 12, 500, 900_000, 5_000_000, 2_000_000_000, 65_536, 9);
}
