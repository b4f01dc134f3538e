using Samepage.Guarding;
using Samepage.Linux;
using Samepage.Linux.Proc;
using Samepage.Linux.Sys;
using Samepage.Merging.User.Keeping;
using Samepage.Targets;

namespace Samepage.Governing;

/// <summary>Reads what the kernel tells of merging. Changes nothing. Not thread-safe: it remembers where ksmd is.</summary>
/// <param name="proc">The process file system.</param>
/// <param name="ksm">The kernel's merging.</param>
public sealed class MergingReader(ProcFs proc, KsmSysfs ksm)
{
    private readonly KsmdThread _ksmd = new(proc);

    /// <summary>Looks at what the host would need if all merged pages broke, and what there is; null where that cannot be read.</summary>
    /// <param name="domains">What the domains' keepers reported.</param>
    public HostCoverage? TryReadCoverage(IEnumerable<DomainReport> domains) => HostCoverage.TryRead(proc, ksm, domains);

    /// <summary>Looks at the host.</summary>
    public HostMerging ReadHost()
    {
        var state = ksm.Exists
            ? ksm.Number("run") switch { 1 => KsmdState.Scanning, 2 => KsmdState.Unmerging, _ => KsmdState.Stopped }
            : KsmdState.Absent;
        return new HostMerging(
            state, ksm.IsAdvisorOn, ksm.PagesShared, ksm.PagesSharing, ksm.ZeroPages, ksm.PagesUnshared, ksm.PagesVolatile,
            _ksmd.CpuSeconds, ConvergenceSample.Take(ksm));
    }

    /// <summary>Looks at the processes named, or, where none are, at all.</summary>
    /// <param name="targets">The processes; null: all.</param>
    /// <param name="withUnmerged">Of all, show also those that opted in and have nothing merged yet.</param>
    public ProcessSurvey ReadProcesses(IReadOnlyList<TargetProcess>? targets, bool withUnmerged = false)
    {
        var shown = new List<ProcessMerging>();
        int optedIn = 0, unreadable = 0;
        var (hasUnscanned, hasUnscannedRegions) = (false, false);
        foreach (var pid in targets?.Select(target => target.Pid) ?? proc.ListProcesses())
        {
            var (stat, isRefused) = Read(pid);
            if (stat is { RmapItems: 0, MergingPages: 0, ZeroPages: 0 })
            {
                hasUnscanned |= stat.MergeAny is true;
                hasUnscannedRegions |= stat.Mergeable is true;
            }

            if (targets is not null || stat is { MergingPages: > 0 } or { ZeroPages: > 0 } || (withUnmerged && stat is ({ MergeAny: true } or { Mergeable: true })))
            {
                if (Describe(pid, stat, isRefused) is { } process)
                {
                    shown.Add(process);
                }
            }
            else
            {
                optedIn += stat is { MergeAny: true } or { Mergeable: true } ? 1 : 0;
                unreadable += isRefused ? 1 : 0;
            }
        }

        shown.Sort(static (left, right) => (right.SavedBytes, left.Pid).CompareTo((left.SavedBytes, right.Pid)));
        return new ProcessSurvey(shown, optedIn, unreadable, hasUnscanned, hasUnscannedRegions);
    }

    private (KsmStat? Stat, bool IsRefused) Read(int pid)
    {
        try
        {
            return (KsmStat.Parse(proc.Read(pid, "ksm_stat")), false);
        }
        catch (LinuxException error)
        {
            return (null, error.IsPermission);
        }
    }

    /// <summary>Null where the process has gone meanwhile.</summary>
    private ProcessMerging? Describe(int pid, KsmStat? stat, bool isRefused)
    {
        var optIn = stat switch
        {
            { MergeAny: true } => OptInKind.WholeProcess,
            { Mergeable: true } => OptInKind.Regions,
            { MergeAny: null } when stat.RmapItems > 0 => OptInKind.Unknown,
            _ => OptInKind.None,
        };
        return ProcessStat.TryRead(proc, pid) is { } process
            ? new ProcessMerging(
                pid, process.Name, stat?.MergingPages ?? 0, stat?.ZeroPages ?? 0, stat?.RmapItems ?? 0, optIn, !isRefused)
            : null;
    }
}
