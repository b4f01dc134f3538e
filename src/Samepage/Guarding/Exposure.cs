using Samepage.Linux.Proc;
using Samepage.Linux.Sys;
using Samepage.Merging.User.Keeping;

namespace Samepage.Guarding;

/// <summary>Bytes needed if every merged page broke, by who merged it.</summary>
/// <param name="KernelBytes">Pages that ksmd merged.</param>
/// <param name="UserBytes">Pages that members of domains mapped from segments and have not written since.</param>
public sealed record Exposure(long KernelBytes, long UserBytes)
{
    private const long PageSize = 4096;

    /// <summary>More than any machine has (4 PiB): members that lie must not overflow a sum.</summary>
    private const long MostBytes = 1L << 52;

    /// <summary>Both together.</summary>
    public long Bytes => KernelBytes + UserBytes;

    /// <summary>
    /// Of a whole host. Of ksmd's pages on one stable page all but the last need a frame: that last one may take over
    /// what the stable page leaves. A segment stays as long as it is mapped, so each page merged onto it needs one.
    /// </summary>
    public static Exposure OfHost(KsmSysfs ksm, IEnumerable<DomainReport> domains) =>
        new(ksm.SavedPages * PageSize, MergedBytes(domains.SelectMany(domain => domain.Members)));

    /// <summary>
    /// Of some processes, such as those of a control group: an upper bound, as what they share with each other is
    /// counted for each of them. Who may not be looked at is left out and counted.
    /// </summary>
    public static (Exposure Exposure, int Unreadable) OfProcesses(
        ProcFs proc, IReadOnlyCollection<int> pids, IEnumerable<DomainReport> domains)
    {
        var unreadable = 0;
        var kernel = 0L;
        foreach (var pid in pids)
        {
            if (KsmStat.TryRead(proc, pid) is { } stat)
            {
                kernel += (stat.MergingPages + stat.ZeroPages) * PageSize;
            }
            else if (Directory.Exists($"{proc.Root}/{pid}") && File.Exists(proc.PathOf(pid, "ksm_stat")))
            {
                unreadable++;
            }
        }

        var members = domains.SelectMany(domain => domain.Members).Where(member => pids.Contains(member.Pid));
        return (new Exposure(kernel, MergedBytes(members)), unreadable);
    }

    private static long MergedBytes(IEnumerable<MemberReport> members) => members.Aggregate(
        0L, (sum, member) => Math.Min(MostBytes, sum + ((long)Math.Min(member.Counters.MergedPages, MostBytes / PageSize) * PageSize)));
}
