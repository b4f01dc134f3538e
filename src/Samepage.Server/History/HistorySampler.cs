using Samepage.Linux;
using Samepage.Linux.Proc;
using Samepage.Merging.User.Keeping;
using Samepage.Server.Loop;

namespace Samepage.Server.History;

/// <summary>
/// Puts the daemon's turns of ten seconds together into a sample: a storm that lasted for one turn shows in the most and
/// the least. Not thread-safe.
/// </summary>
/// <param name="proc">Where swap is read.</param>
/// <param name="clock">Tells the time.</param>
/// <param name="domains">What the domains' keepers last said.</param>
/// <param name="post">Takes the samples.</param>
public sealed class HistorySampler(ProcFs proc, TimeProvider clock, Func<IReadOnlyList<DomainReport>> domains, Action<HistorySample> post)
{
    private const int StepSeconds = 10;
    private readonly HistoryFolder _folder = new(HistorySeries.Host);
    private readonly double?[] _values = new double?[HistorySeries.Host.Length];
    private long _at;
    private (long Timestamp, double? KsmdSeconds, double OwnSeconds)? _before;

    /// <summary>Takes a turn in.</summary>
    public void Observe(DaemonStatus status)
    {
        var at = HistoryTier.Begin(status.TakenAt.ToUnixTimeSeconds(), StepSeconds);
        if (at != _at && !_folder.IsEmpty)
        {
            post(new HistorySample(_at, _folder.Take()));
        }

        _at = at;
        Array.Clear(_values);
        Host(status);
        Memory();
        Shares(status);
        Decisions(status);
        _folder.Add(_values);
    }

    private double? this[string name]
    {
        set => _values[HistorySeries.IndexOf(name)] = value;
    }

    private void Host(DaemonStatus status)
    {
        var host = status.Host;
        var profit = host.ProfitBytes ?? host.SavedBytes - (host.TrackedPages * 64);
        this["saved_bytes"] = host.SavedBytes;
        this["profit_bytes"] = profit;
        this["metadata_bytes"] = host.SavedBytes - profit;
        this["user_saved_bytes"] = domains().Sum(domain => domain.Members.Sum(member => (double)member.Counters.MergedPages) - domain.Segments.Pages) * 4096;
        this["available_bytes"] = host.AvailableBytes;
        this["eligible_bytes"] = host.EligibleBytes;
        this["eligible_processes"] = host.EligibleProcesses;
        this["full_scans"] = host.FullScansTotal;
        this["cpu_pressure"] = host.CpuPressurePercent / 100;
        this["own_resident_bytes"] = status.Self.ResidentBytes;
    }

    private void Memory()
    {
        try
        {
            var memory = MemInfo.Read(proc);
            this["swap_total_bytes"] = memory.SwapTotalBytes;
            this["swap_used_bytes"] = memory.SwapTotalBytes - memory.SwapFreeBytes;
        }
        catch (LinuxException)
        {
            // The turn before this one could read it; the next may again.
        }
    }

    /// <summary>CPU time since the turn before. ksmd's may be unknown.</summary>
    private void Shares(DaemonStatus status)
    {
        var (ksmd, own) = (status.Host.KsmdCpuSeconds, status.Self.CpuSeconds);
        if (_before is { } before && clock.GetElapsedTime(before.Timestamp).TotalSeconds is var seconds and > 0)
        {
            this["ksmd_cpu_share"] = ksmd - before.KsmdSeconds is { } spent ? Math.Max(0, spent) / seconds : null;
            this["own_cpu_share"] = Math.Max(0, own - before.OwnSeconds) / seconds;
        }

        _before = (clock.GetTimestamp(), ksmd, own);
    }

    private void Decisions(DaemonStatus status)
    {
        this["budget_left_seconds"] = status.Governor.BudgetLeftSeconds;
        this["wanted_cores"] = status.Governor.WantedCores;
        this["governor_mode"] = HistoryAnswer.GovernorModes.IndexOf(status.Governor.Mode);
        this["provided_swap_bytes"] = status.Guard.ProvidedSwapBytes;
        this["growth_held"] = status.Guard.GrowthHeld ? 1 : 0;
        if (status.Guard.Scopes is [var host, ..])
        {
            this["exposure_bytes"] = host.ExposureBytes;
            this["headroom_bytes"] = host.HeadroomBytes;
            this["coverage"] = host.Coverage;
            this["memory_pressure"] = host.MemoryPressurePercent / 100;
            this["guard_level"] = (int)host.Level;
        }
    }
}
