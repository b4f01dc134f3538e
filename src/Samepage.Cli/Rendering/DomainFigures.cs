using Samepage.Merging.User.Keeping;

namespace Samepage.Cli.Rendering;

/// <summary>A domain added up over its members. What members say of themselves is taken as it is, within bounds.</summary>
internal sealed record DomainFigures(
    long MergedPages, long StablePages, long CowBreaksTotal, double MembersCpuSeconds, StallFigures Stalls)
{
    /// <summary>More pages than any machine has: a member that lies must not overflow a sum.</summary>
    private const ulong Sane = 1UL << 44;

    /// <summary>Pages merged less the stable pages that stand for them, which all take memory; negative where a member has just begun.</summary>
    public long SavedPages => MergedPages - StablePages;

    public static DomainFigures Of(DomainReport report) => new(
        report.Members.Sum(member => Bounded(member.Counters.MergedPages)),
        report.Segments.Pages,
        report.Members.Sum(member => Bounded(member.Counters.CowBreaksTotal)),
        report.Members.Sum(CpuSeconds),
        StallFigures.Of(report.Members));

    public static double CpuSeconds(MemberReport member) => member.Counters.CpuNanosecondsTotal / 1e9;

    public static long Bounded(ulong count) => (long)Math.Min(count, Sane);
}

/// <summary>How long memory was held back: 99.9 % of the times no longer than, and the longest.</summary>
/// <param name="Windows">How many times.</param>
/// <param name="MicrosecondsP999">An upper bound, known to a power of two.</param>
/// <param name="MicrosecondsMax">The longest.</param>
internal readonly record struct StallFigures(long Windows, long MicrosecondsP999, double MicrosecondsMax)
{
    public static StallFigures Of(IReadOnlyList<MemberReport> members)
    {
        var buckets = new long[64];
        foreach (var member in members)
        {
            for (var i = 0; i < Math.Min(buckets.Length, member.StallsByPowerOfTwoMicroseconds.Count); i++)
            {
                buckets[i] += DomainFigures.Bounded(member.StallsByPowerOfTwoMicroseconds[i]);
            }
        }

        var max = members.Select(member => member.Counters.WindowNanosecondsMax / 1e3).DefaultIfEmpty().Max();
        return new StallFigures(buckets.Sum(), Math.Min(Percentile(buckets), (long)Math.Ceiling(Math.Min(max, 1e15))), max);
    }

    /// <summary>Bucket i counts what took less than 2^i microseconds.</summary>
    private static long Percentile(long[] buckets)
    {
        var (total, seen) = (buckets.Sum(), 0L);
        for (var i = 0; i < buckets.Length - 1 && total > 0; i++)
        {
            seen += buckets[i];
            if (seen >= total * 0.999)
            {
                return 1L << i;
            }
        }

        return 0;
    }
}
