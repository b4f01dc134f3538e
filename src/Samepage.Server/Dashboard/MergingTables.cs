using System.Text.Json;
using Samepage.Governing;
using Samepage.Linux;
using Samepage.Linux.Proc;
using Samepage.Merging.User.Keeping;
using Samepage.Policies;
using Samepage.Server.Http;
using Samepage.Targets;

namespace Samepage.Server.Dashboard;

/// <summary>
/// The tables of processes and domains, looked up when somebody asks, and not more often than every three seconds
/// however often and by however many they are asked for; all get the same bytes. Thread-safe.
/// </summary>
/// <param name="sources">Where they come from.</param>
public sealed class MergingTables(MergingSources sources)
{
    /// <summary>More rows than these are left out, those that save least first.</summary>
    public const int RowsMax = 400;

    /// <summary>More pages than any machine has: a member that lies must not overflow a sum.</summary>
    private const ulong Sane = 1UL << 44;

    private static readonly TimeSpan s_freshFor = TimeSpan.FromSeconds(3);
    private readonly Lock _lock = new();
    private long? _lookedAt;
    private Tables? _last;

    /// <summary>The processes, as <c>samepage.processes/1</c>.</summary>
    public HttpAnswer Processes() => Look().Processes;

    /// <summary>The engines and domains, as <c>samepage.domains/1</c>.</summary>
    public HttpAnswer Domains() => Look().Domains;

    /// <summary>The trust domain of a process that merging is about: "kernel", or "user" with its name; null where merging is not about it.</summary>
    public string? DomainOf(int pid) => Look().DomainOf.GetValueOrDefault(pid);

    private Tables Look()
    {
        lock (_lock)
        {
            if (_last is null || _lookedAt is not { } at || sources.Clock.GetElapsedTime(at) >= s_freshFor)
            {
                _last = Make();
                _lookedAt = sources.Clock.GetTimestamp();
            }

            return _last;
        }
    }

    private Tables Make()
    {
        var now = sources.Clock.GetUtcNow();
        var survey = sources.Reader.ReadProcesses(null, withUnmerged: true);
        var reports = sources.Domains();
        var rules = sources.RuleNames();
        var found = survey.Shown.Select(process => OfKernel(process, rules))
            .Concat(reports.SelectMany(report => report.Members.Select(member => OfUser(report, member, rules)))).ToList();
        found.AddRange(Named(found.Select(row => row.Pid).ToHashSet(), rules));
        found.Sort(static (one, other) => (other.SavedBytes, one.Pid).CompareTo((one.SavedBytes, other.Pid)));
        var rows = found.Take(RowsMax).Select(Complete).ToList();
        var processes = new ProcessList(ProcessList.SchemaName, now, rows, found.Count - rows.Count, survey.Unreadable);
        var domains = new DomainList(DomainList.SchemaName, now, Kernel(survey), [.. reports.Select(OfDomain)]);
        return new Tables(
            new HttpAnswer(200, HttpAnswer.Json, JsonSerializer.SerializeToUtf8Bytes(processes, DashboardJson.Default.ProcessList)),
            new HttpAnswer(200, HttpAnswer.Json, JsonSerializer.SerializeToUtf8Bytes(domains, DashboardJson.Default.DomainList)),
            found.GroupBy(row => row.Pid).ToDictionary(group => group.Key, TrustDomain));
    }

    /// <summary>Names of domains may be anything, "kernel" too; a process may be in both engines' hands.</summary>
    private static string TrustDomain(IEnumerable<ProcessRow> rows) =>
        string.Join(", ", rows.Select(row => row.Engine == "user" ? $"user {row.Domain}" : "kernel").Distinct().Order(StringComparer.Ordinal));

    private static ProcessRow OfKernel(ProcessMerging process, IReadOnlyDictionary<int, string> rules) => new(
        process.Pid, process.Name, null, "kernel", null, process.SavedBytes > 0 ? "merging" : "opted_in", rules.GetValueOrDefault(process.Pid), null,
        null, process.MergedPages, process.ZeroPages, process.SavedBytes, process.ProfitBytes, null, null);

    private static ProcessRow OfUser(DomainReport report, MemberReport member, IReadOnlyDictionary<int, string> rules)
    {
        var counters = member.Counters;
        var saved = Bounded(counters.MergedPages) * 4096;
        return new ProcessRow(
            member.Pid, member.Name, null, "user", report.Domain, member.State, rules.GetValueOrDefault(member.Pid), null, null,
            Bounded(counters.MergedPages), null, saved, saved - Bounded(counters.MetadataBytes), Bounded(counters.CowBreaksTotal),
            Bounded(counters.WindowNanosecondsMax) / 1e3);
    }

    /// <summary>Processes that a rule is about and to which nothing was done yet.</summary>
    private IEnumerable<ProcessRow> Named(HashSet<int> known, IReadOnlyDictionary<int, string> names)
    {
        var rules = sources.Rules().GroupBy(rule => rule.Name).ToDictionary(group => group.Key, group => group.First());
        foreach (var (pid, name) in names.Where(pair => !known.Contains(pair.Key)))
        {
            if (rules.TryGetValue(name, out var rule) && rule.Engine != RuleEngine.Off && ProcessStat.TryRead(sources.Proc, pid) is { } stat)
            {
                yield return new ProcessRow(
                    pid, stat.Name, null, rule.Engine == RuleEngine.User ? "user" : "kernel", rule.Domain, "named", name, null, null, 0,
                    rule.Engine == RuleEngine.User ? null : 0, 0, 0, null, null);
            }
        }
    }

    /// <summary>Who it is, which is asked only for those that are shown.</summary>
    private ProcessRow Complete(ProcessRow row)
    {
        if (ProcessStat.TryRead(sources.Proc, row.Pid) is not { } stat
            || ProcessFacts.TryRead(sources.Proc, new TargetProcess(row.Pid, stat.StartTicks, stat.Name)) is not { } facts)
        {
            return row;
        }

        return row with
        {
            Guest = facts.GuestName,
            ControlGroup = facts.ControlGroups.MaxBy(group => group.Length),
            ResidentBytes = ProcessStatus.TryRead(sources.Proc, row.Pid)?.ResidentBytes,
        };
    }

    private KernelPart Kernel(ProcessSurvey survey)
    {
        var host = sources.Reader.ReadHost();
        var breaks = KernelFile.TryReadText($"{sources.Proc.Root}/vmstat") is { } text ? KeyedText.Parse(text).Number("cow_ksm") : null;
        return new KernelPart(
            host.State.ToString().ToLowerInvariant(), survey.Shown.Count(process => process.SavedBytes > 0), host.PagesShared, host.PagesSharing,
            host.ZeroPages, host.PagesUnshared, host.PagesVolatile, host.SavedBytes, host.MetadataBytes, host.ProfitBytes, breaks, host.KsmdCpuSeconds);
    }

    private static DomainPart OfDomain(DomainReport report)
    {
        var merged = report.Members.Sum(member => Bounded(member.Counters.MergedPages));
        return new DomainPart(
            report.Domain, report.KeeperPid, report.UptimeSeconds, report.RssBytes,
            report.CpuSeconds + report.Members.Sum(member => member.Counters.CpuNanosecondsTotal / 1e9), report.Members.Count,
            report.Segments.Pages, merged, (merged - report.Segments.Pages) * 4096,
            report.Members.Sum(member => Bounded(member.Counters.CowBreaksTotal)),
            report.Members.Select(member => Bounded(member.Counters.WindowNanosecondsMax) / 1e3).DefaultIfEmpty().Max());
    }

    private static long Bounded(ulong count) => (long)Math.Min(count, Sane);

    private sealed record Tables(HttpAnswer Processes, HttpAnswer Domains, IReadOnlyDictionary<int, string> DomainOf);
}
