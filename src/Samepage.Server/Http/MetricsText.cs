using System.Globalization;
using System.Text;
using Samepage.Governing;
using Samepage.Merging.User.Keeping;
using Samepage.Server.Loop;

namespace Samepage.Server.Http;

/// <summary>What metrics tell besides the status.</summary>
/// <param name="Domains">What the domains' keepers last said.</param>
/// <param name="Keepers">The keepers by domain, and whether each answers.</param>
/// <param name="HistoryKept">Whether the history is kept; null where it is not wanted.</param>
public sealed record BesideFigures(IReadOnlyList<DomainReport> Domains, IReadOnlyDictionary<string, bool> Keepers, bool? HistoryKept);

/// <summary>A status in Prometheus's text format: base units, <c>_total</c> on counters, help and type for each.</summary>
internal sealed class MetricsText
{
    private static readonly string[] s_modes = [.. Enum.GetNames<GovernorMode>().Select(System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName), "absent"];
    private readonly StringBuilder _text = new(16 << 10);

    /// <summary>Writes all metrics.</summary>
    public static string Of(DaemonStatus status, IReadOnlyList<ProcessMerging> processes, BesideFigures beside)
    {
        var metrics = new MetricsText();
        metrics.Host(status);
        metrics.Governor(status);
        metrics.Guard(status.Guard);
        metrics.Processes(processes);
        metrics.Domains(beside);
        metrics.Self(status);
        if (beside.HistoryKept is { } kept)
        {
            metrics.Gauge("history_kept", "1 while the history is kept, 0 while its disk or file refuses.", kept ? 1 : 0);
        }

        return metrics._text.ToString();
    }

    private void Host(DaemonStatus status)
    {
        var host = status.Host;
        Gauge("saved_bytes", "What ksmd's merging saves now, before metadata.", host.SavedBytes);
        if (host.ProfitBytes is { } profit)
        {
            Gauge("profit_bytes", "The same less the kernel's metadata.", profit);
        }

        Gauge("tracked_pages", "Pages that ksmd keeps metadata for.", host.TrackedPages);
        Gauge("eligible_processes", "Processes that opted in to merging.", host.EligibleProcesses);
        Gauge("eligible_bytes", "Private memory of the processes that opted in.", host.EligibleBytes);
        Gauge("available_bytes", "Memory that new programs could have without swapping.", host.AvailableBytes);
        Counter("full_scans_total", "Whole passes of ksmd since boot.", host.FullScansTotal);
        if (host.ScannedPagesTotal is { } scanned)
        {
            Counter("scanned_pages_total", "Pages that ksmd has looked at since boot.", scanned);
        }

        if (host.KsmdCpuSeconds is { } cpu)
        {
            Counter("ksmd_cpu_seconds_total", "CPU time of ksmd since boot.", cpu);
        }

        Gauge("matched_processes", "Processes that fall under a rule of the policy.", status.Rules.MatchedProcesses);
        Gauge("switched_on_processes", "Processes that Samepage switched on by a rule.", status.Rules.SwitchedOnProcesses);
    }

    private void Governor(DaemonStatus status)
    {
        var governor = status.Governor;
        Head("governor_mode", "gauge", "1 for what the governor is about, 0 for the others.");
        foreach (var mode in s_modes)
        {
            Sample("governor_mode", mode == governor.Mode ? 1 : 0, ("mode", mode));
        }

        Gauge("governor_wanted_cores", "The share of one core that ksmd is meant to take.", governor.WantedCores);
        Gauge("governor_budget_cores", "What the policy allows ksmd and the daemon together, as a share of one core.", status.Policy.CpuBudgetPercent / 100);
        Gauge("governor_budget_left_seconds", "CPU time left in the budget's window.", governor.BudgetLeftSeconds);
        Gauge("governor_settings_left_alone", "Settings of ksmd that somebody else insisted on, and that are left alone until the policy is read anew.", governor.SettingsLeftAlone.Count);
        Gauge("governor_ksmd_running", "1 where ksmd is told to scan.", governor.KsmdRunning ? 1 : 0);
    }

    private void Guard(GuardPart guard)
    {
        Scopes("exposure_bytes", "What would be needed if every merged page broke now.", guard, scope => scope.ExposureBytes);
        Scopes("headroom_bytes", "What the host or the control group could supply.", guard, scope => scope.HeadroomBytes);
        Scopes("coverage_ratio", "Headroom divided by exposure; +Inf where nothing is merged.", guard, scope => scope.Coverage ?? double.PositiveInfinity);
        Scopes("memory_pressure_ratio", "The part of the last ten seconds in which somebody waited for memory.", guard, scope => scope.MemoryPressurePercent / 100);
        Scopes("guard_level", "How far the guard has gone: 0 calm, 1 hold, 2 warn, 3 provision, 4 page-out, 5 refuse.", guard, scope => (int)scope.Level);
        Gauge("guard_growth_held", "1 while nothing may merge further.", guard.GrowthHeld ? 1 : 0);
        Gauge("guard_admission_refused", "1 while no new guest is admitted.", guard.AdmissionRefused ? 1 : 0);
        Gauge("provided_swap_bytes", "Swap that Samepage added.", guard.ProvidedSwapBytes);
        Head("guard_orders_total", "counter", "How often the guard ordered what, since the daemon's start.");
        foreach (var (order, count) in guard.OrdersTotal)
        {
            Sample("guard_orders_total", count, ("order", order));
        }
    }

    private void Processes(IReadOnlyList<ProcessMerging> processes)
    {
        Head("process_saved_bytes", "gauge", "Merged and zero pages of a process, of those that have most.");
        foreach (var process in processes)
        {
            Sample("process_saved_bytes", process.SavedBytes, Labels(process));
        }

        Head("process_profit_bytes", "gauge", "The same less the process's metadata.");
        foreach (var process in processes)
        {
            Sample("process_profit_bytes", process.ProfitBytes, Labels(process));
        }
    }

    private void Domains(BesideFigures beside)
    {
        Head("keeper_up", "gauge", "1 where a domain's keeper answers, 0 where it was killed or does not answer.");
        foreach (var (domain, isUp) in beside.Keepers)
        {
            Sample("keeper_up", isUp ? 1 : 0, ("domain", domain));
        }

        Domains("domain_members", "Members of a domain of the user engine.", beside, domain => domain.Members.Count);
        Domains("domain_saved_bytes", "Merged pages of a domain's members less its stable pages.", beside,
            domain => (domain.Members.Sum(member => (double)member.Counters.MergedPages) - domain.Segments.Pages) * 4096);
    }

    private void Domains(string name, string help, BesideFigures beside, Func<DomainReport, double> value)
    {
        Head(name, "gauge", help);
        foreach (var domain in beside.Domains)
        {
            Sample(name, value(domain), ("domain", domain.Domain));
        }
    }

    private static (string, string)[] Labels(ProcessMerging process) =>
        [("pid", process.Pid.ToString(CultureInfo.InvariantCulture)), ("name", process.Name)];

    private void Self(DaemonStatus status)
    {
        Head("build_info", "gauge", "1; the version is in the label.");
        Sample("build_info", 1, ("version", status.Version));
        Gauge("dry_run", "1 where the daemon acts on nothing.", status.DryRun ? 1 : 0);
        Counter("daemon_cpu_seconds_total", "CPU time of the daemon since its start.", status.Self.CpuSeconds);
        Gauge("daemon_resident_bytes", "Memory of the daemon.", status.Self.ResidentBytes);
        Counter("daemon_turns_total", "Turns of the daemon's loop.", status.Self.TurnsTotal);
        Counter("decisions_total", "Decisions that were told.", status.Self.DecisionsTotal);
        Head("policy_reloads_total", "counter", "Policies that were read anew, by what came of it.");
        Sample("policy_reloads_total", status.Self.ReloadsTotal, ("result", "followed"));
        Sample("policy_reloads_total", status.Self.RefusedReloadsTotal, ("result", "refused"));
    }

    private void Scopes(string name, string help, GuardPart guard, Func<ScopePart, double> value)
    {
        Head(name, "gauge", help);
        foreach (var scope in guard.Scopes)
        {
            Sample(name, value(scope), ("scope", scope.Name));
        }
    }

    private void Gauge(string name, string help, double value)
    {
        Head(name, "gauge", help);
        Sample(name, value);
    }

    private void Counter(string name, string help, double value)
    {
        Head(name, "counter", help);
        Sample(name, value);
    }

    private void Head(string name, string type, string help) =>
        _text.Append(CultureInfo.InvariantCulture, $"# HELP samepage_{name} {help}\n# TYPE samepage_{name} {type}\n");

    private void Sample(string name, double value, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        _text.Append("samepage_").Append(name);
        for (var i = 0; i < labels.Length; i++)
        {
            _text.Append(i == 0 ? '{' : ',').Append(labels[i].Name).Append("=\"");
            foreach (var letter in labels[i].Value)
            {
                _ = letter switch
                {
                    '\\' or '"' => _text.Append('\\').Append(letter),
                    '\n' => _text.Append("\\n"),
                    _ => _text.Append(letter),
                };
            }

            _text.Append('"').Append(i == labels.Length - 1 ? "}" : "");
        }

        var number = double.IsPositiveInfinity(value) ? "+Inf" : value.ToString("R", CultureInfo.InvariantCulture);
        _text.Append(' ').Append(number).Append('\n');
    }
}
