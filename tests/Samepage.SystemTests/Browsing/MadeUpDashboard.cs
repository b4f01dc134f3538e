using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Samepage.Cli.Rendering;
using Samepage.Estimating;
using Samepage.Governing;
using Samepage.Guarding;
using Samepage.Server.Dashboard;
using Samepage.Server.History;
using Samepage.Server.Http;
using Samepage.Server.Loop;
using Samepage.Tests.Reporting;
using Samepage.Tests.Serving;

namespace Samepage.SystemTests.Browsing;

/// <summary>Answers as a daemon would on a busy host that nobody has: 200 guests, a domain, a month of history.</summary>
internal sealed class MadeUpDashboard
{
    /// <summary>What a daemon remembers by itself.</summary>
    private const int Told = 40;

    private const long GiB = 1L << 30, MiB = 1L << 20;
    private static readonly string[] s_roles = ["web", "db", "cache", "build", "ci-runner", "desktop", "mail", "proxy", "queue", "search"];
    private readonly DateTimeOffset _now = DateTimeOffset.UtcNow;
    private readonly Random _random = new(7);
    private readonly ProcessList _processes;
    private readonly byte[] _estimate;

    public MadeUpDashboard()
    {
        var rows = Enumerable.Range(0, 200).Select(Guest).Concat(Enumerable.Range(0, 4).Select(Member))
            .Append(new ProcessRow(9101, "postgres", null, "kernel", null, "opted_in", "databases", "/system.slice/postgresql.service", 812 * MiB, 0, 0, 0, 0, null, null));
        _processes = new ProcessList(ProcessList.SchemaName, _now, [.. rows.OrderByDescending(row => row.SavedBytes)], 0, 0);
        _estimate = Encoding.UTF8.GetBytes(EstimateJson.From(MadeUpEstimate.Of(16, seed: 5), new EstimateOptions(), _now, addressMap: false).ToText());
    }

    public int Rows => _processes.Processes.Count;

    /// <summary>How many estimates were asked for; the latest can be had.</summary>
    public int Estimates { get; set; } = 1;

    /// <summary>How many decisions the history has.</summary>
    public int DecisionsKept { get; set; } = Told;

    /// <summary>The spans of history that were asked for, in seconds since 1970.</summary>
    public ConcurrentQueue<(long From, long To)> SpansAsked { get; } = [];

    /// <summary>What Prometheus is told of this host.</summary>
    public HttpAnswer Metrics()
    {
        ProcessMerging[] most = [.. _processes.Processes.Take(20).Select(row => new ProcessMerging(row.Pid, row.Name, row.MergedPages, row.ZeroPages ?? 0, (row.SavedBytes - row.ProfitBytes) / 64, OptInKind.Regions, true))];
        var beside = new BesideFigures([MadeUpDomain.Report("web", 9000, 9001)], new Dictionary<string, bool> { ["web"] = true }, true);
        return HttpAnswer.Of(200, HttpAnswer.Metrics, MetricsText.Of(Status(), most, beside));
    }

    public HttpAnswer Answer(string path, string query) => path switch
    {
        "/api/v1/status" => Json(Status().ToJson()),
        "/api/v1/processes" => Json(JsonSerializer.SerializeToUtf8Bytes(_processes, DashboardJson.Default.ProcessList)),
        "/api/v1/domains" => Json(JsonSerializer.SerializeToUtf8Bytes(Domains(), DashboardJson.Default.DomainList)),
        "/api/v1/decisions" => Json(new DecisionList(DecisionList.SchemaName, null, Decisions(query)).ToJson()),
        "/api/v1/estimate" => Json(Encoding.UTF8.GetBytes($"{{\"schema\":\"samepage.what-if/1\",\"number\":{Estimates},\"state\":\"{(Estimates == 0 ? "none" : "done")}\",\"started_at\":\"{_now:O}\",\"seconds_max\":60,\"targets_max\":64,\"pids\":[],\"reason\":null,\"estimate\":{(Estimates == 0 ? "null" : Encoding.UTF8.GetString(_estimate))}}}")),
        "/api/v1/history" => Json(History(query)),
        "/api/v1/dashboard" => Json(Encoding.UTF8.GetBytes($"{{\"schema\":\"samepage.dashboard/1\",\"history\":true,\"charts\":true,\"estimates\":{Estimates}}}")),
        _ => DashboardFiles.Find(path) ?? HttpAnswer.Of(404, HttpAnswer.Text, "no\n"),
    };

    private static HttpAnswer Json(byte[] body) => new(200, HttpAnswer.Json, body);

    private ProcessRow Guest(int i)
    {
        long merged = _random.Next(20_000, 140_000), zero = _random.Next(0, 9000), resident = ((merged * 4096) + (_random.Next(100, 500) * MiB)) / MiB * MiB;
        var saved = (merged + zero) * 4096;
        return new ProcessRow(
            2000 + (i * 7), "qemu-system-x86", $"{s_roles[i % 10]}-{(i / 10) + 1:00}", "kernel", null, "merging", "guests", $"/machine.slice/machine-qemu-{i}.scope",
            resident, merged, zero, saved, saved - (resident / 64), null, null);
    }

    private ProcessRow Member(int i)
    {
        var merged = _random.Next(2000, 90_000);
        return new ProcessRow(
            9000 + i, i == 0 ? "redis-server" : "php-fpm8.4", null, "user", "web", "merging", null, "/system.slice/web.service",
            (merged * 4096L) + (90 * MiB), merged, null, merged * 4096L, (merged * 4096L) - MiB, _random.Next(90_000), _random.Next(100, 9000));
    }

    private DaemonStatus Status()
    {
        var now = DateTimeOffset.UtcNow;
        var (exposure, headroom) = (Saved(now.ToUnixTimeSeconds()), 96 * GiB);
        ScopePart[] scopes =
        [
            new("host", GuardLevel.Calm, exposure, headroom, (double)headroom / exposure, 0.4, ""),
            new("/machine.slice/ci", GuardLevel.Hold, 20 * GiB, 24 * GiB, 1.2, 0, ""),
        ];
        return new DaemonStatus(
            DaemonStatus.SchemaName, 812, "0.1.0", _now.AddDays(-12), now, false, new PolicyPart(["/etc/samepage/samepage.toml"], 3, _now.AddDays(-12), 5, null),
            new GovernorPart("converged", "a whole pass brought 1.2 MiB, less than its CPU time is worth; looks again in 40 s", true, 100, 40, 0.02, 31.4, null, []),
            new GuardPart(false, false, 0, scopes, new Dictionary<string, long>()),
            new HostFigures(exposure, exposure - (2400 * MiB), 41_000_000, 812, 900_000_000, 2034 + ((now - _now).TotalSeconds * 0.034), 201, 158 * GiB, headroom, 2.1),
            new RulesPart(201, 200), new SelfPart(1212, 31 * MiB, 90_000, 40, 2, 0));
    }

    private DomainList Domains() => new(
        DomainList.SchemaName, _now,
        new KernelPart("scanning", 200, 412_345, 11_000_000, 900_000, 9_000_000, 120_000, Saved(_now.ToUnixTimeSeconds()), 2400 * MiB, Saved(_now.ToUnixTimeSeconds()) - (2400 * MiB), 1_234_567, 2034),
        [new DomainPart("web", 880, 260_000, 9 * MiB, 14.2, 4, 21_000, 99_000, 310 * MiB, 12_234, 8123)]);

    private IReadOnlyList<Decision> Decisions(string query)
    {
        (string Who, string Scope, int? Pid, string What, string Why)[] kinds =
        [
            ("governor", "host", null, "has converged, ksmd scans 100 pages, then sleeps 40 ms", "a whole pass brought 1.2 MiB, less than its CPU time is worth"),
            ("rules", "process", 2007, "switched on", "qemu-system-x86, rule \"guests\"; it stood still for 48 us"),
            ("guard", "/machine.slice/ci", null, "nothing may merge further", "coverage fell below 1.25 (exposure 20.0 GiB, headroom 24.0 GiB of memory + 0 bytes of swap, coverage 1.20, memory pressure 0 %)"),
            ("governor", "host", null, "works, ksmd scans 3300 pages, then sleeps 20 ms, without smart scan", "2.0 GiB in 2 processes are newly eligible: burst at 50 % of a core"),
        ];
        var all = Enumerable.Range(0, DecisionsKept).Select(ago => (Kind: kinds[ago % 4], Number: Told - ago, At: _now.AddSeconds(ago * -97.0)))
            .Select(told => new Decision(told.Number, told.At, told.Kind.Who, told.Kind.Scope, told.Kind.Pid, told.Kind.What, told.Kind.Why));
        if (!query.StartsWith("?before=", StringComparison.Ordinal))
        {
            return [.. all.Take(Told).Reverse()];
        }

        var before = (long)(decimal.Parse(query["?before=".Length..], System.Globalization.CultureInfo.InvariantCulture) * 1000);
        return [.. all.Select(decision => decision with { At = DateTimeOffset.FromUnixTimeMilliseconds(decision.At.ToUnixTimeMilliseconds()) })
            .Where(decision => decision.At.ToUnixTimeMilliseconds() < before).Take(HistoryReader.DecisionsMax).Reverse()];
    }

    /// <summary>More by day than by night.</summary>
    public static long Saved(long at) => (long)((46 + (8 * Math.Sin(at % 86_400 / 86_400.0 * 2 * Math.PI)) + (1.5 * Math.Sin(at / 900.0))) * GiB);

    private byte[] History(string query)
    {
        var asked = query.TrimStart('?').Split('&').Select(part => part.Split('=')).ToDictionary(part => part[0], part => long.Parse(part[1], System.Globalization.CultureInfo.InvariantCulture));
        SpansAsked.Enqueue((asked["from"], asked["to"]));
        var step = Math.Max(1, (asked["to"] - asked["from"]) / asked["points"]);
        var times = Enumerable.Range(0, (int)((asked["to"] - asked["from"]) / step)).Select(i => asked["from"] + (i * step)).ToList();
        var series = new Dictionary<string, IEnumerable<double>>
        {
            ["saved_bytes"] = times.Select(at => (double)Saved(at)),
            ["exposure_bytes"] = times.Select(at => (double)Saved(at)),
            ["headroom_bytes"] = times.Select(_ => 96.0 * GiB),
            ["coverage"] = times.Select(at => 96.0 * GiB / Saved(at)),
            ["ksmd_cpu_share"] = times.Select(at => 0.034 + (0.12 * Math.Pow(Math.Max(0, Math.Sin(at / 1100.0)), 12))),
        };
        return JsonSerializer.SerializeToUtf8Bytes(new { schema = "samepage.history/1", step_seconds = step, times, series, decisions = Array.Empty<object>() });
    }
}
