using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Samepage.Governing;
using Samepage.Server.Dashboard;
using Samepage.Server.History;
using Samepage.Server.Http;
using Samepage.Server.Loop;
using Samepage.Tests.Serving;

namespace Samepage.Bench;

/// <summary>
/// How long the dashboard's data takes: all that the page ever asks for in a round (status, processes, domains, decisions,
/// and a month of history in a thousand points), one after the other over real HTTP, of a made-up host on disk with 200
/// guests among other processes, and of a real history of a month. A round is measured cold, when every table has to be
/// looked up anew, and with several pages at once, which is warm: they share a look.
/// </summary>
internal static class DashboardBench
{
    private const double P95MillisecondsMax = 100;
    private const long MonthSeconds = 31 * 86_400;
    private static readonly string[] s_round = ["/api/v1/status", "/api/v1/processes", "/api/v1/domains", "/api/v1/decisions", "/api/v1/history"];

    public static int Run(string[] args)
    {
        var options = new BenchOptions(args, "--guests N --others N --rounds N --pages N --save");
        var (guests, others, rounds, pages) = (options.Number("--guests", 200), options.Number("--others", 300), options.Number("--rounds", 200), options.Number("--pages", 8));
        using var host = new MadeUpHost();
        Fill(host, guests, others);
        using var daemon = host.Start();
        host.Pass(daemon, 60);
        var file = Path.Combine(host.Root, "history.db");
        var now = host.Clock.Day.ToUnixTimeSeconds();
        FillHistory(file, now, guests);
        using var server = Serve(host, daemon, file, out var address);

        Console.WriteLine($"{Machine.Cpu}, {Environment.ProcessorCount} processors, kernel {Machine.Kernel}; {guests} guests, {others} other processes");
        Console.WriteLine("round            ms p50    p95    p99   KB as sent");
        void Stale() => host.Clock.Advance(TimeSpan.FromSeconds(10));
        List<Row> rows = [.. s_round.Select(path => Tell(path["/api/v1/".Length..], [Measure(address, now, rounds, Stale, path)]))];
        rows.AddRange([Tell("cold, 1 page", [Measure(address, now, rounds, Stale)]), Tell($"warm, {pages} pages", [.. Enumerable.Range(0, pages).AsParallel().WithDegreeOfParallelism(pages).Select(_ => Measure(address, now, rounds, () => { }))])]);
        options.Save("dashboard", JsonSerializer.Serialize(new { cpu = Machine.Cpu, kernel = Machine.Kernel, guests, others, rounds, rows }, BenchOptions.Json));
        return rows.Take(s_round.Length + 1).All(row => row.MillisecondsP95 <= P95MillisecondsMax) ? 0 : 1;
    }

    private static void Fill(MadeUpHost host, int guests, int others)
    {
        host.Policy("[[rule]]\nname = \"guests\"\nmatch = { comm = \"^qemu\" }\nengine = \"kernel\"\n");
        host.Merged(40_000);
        for (var i = 0; i < guests + others; i++)
        {
            var isGuest = i < guests;
            var pid = 1000 + (i * 3);
            host.Process(pid, isGuest ? "qemu-system-x86" : "service", optedIn: isGuest ? "yes" : "no", profit: i << 20, group: isGuest ? $"/machine.slice/machine-qemu-{i}.scope" : "/system.slice/a.service");
            if (isGuest)
            {
                var stat = $"ksm_rmap_items {60_000 + i}\nksm_zero_pages {i * 7}\nksm_merging_pages {50_000 + (i * 13 % 997)}\nksm_process_profit {i << 20}\nksm_merge_any: yes\nksm_mergeable: yes\n";
                File.WriteAllText(Path.Combine(host.Root, $"proc/{pid}/ksm_stat"), stat);
                File.WriteAllText(Path.Combine(host.Root, $"proc/{pid}/cmdline"), $"/usr/bin/qemu-system-x86_64\0-name\0guest=web-{i},debug-threads=on\0-m\01024\0-smp\02\0");
            }
        }
    }

    /// <summary>As the keeper would have written it: every quarter of an hour, of the last three days every minute, of the last hours every ten seconds.</summary>
    private static void FillHistory(string file, long now, int guests)
    {
        using var store = new HistoryStore(new HistoryOptions(file, 31, 256 << 20), now - MonthSeconds);
        var samples = Enumerable.Range(0, guests).Select(i => new ProcessSample(new ProcessIdentity(1000 + (i * 3), 100, "boot", "qemu-system-x86", $"web-{i}"), 50_000 + i, 60_000)).ToList();
        for (var at = now - MonthSeconds; at < now; at += at >= now - 21_600 ? 10 : at >= now - 259_200 ? 60 : 900)
        {
            var moment = at;
            store.Append(new HistorySample(at, [.. HistorySeries.Host.Select((_, index) => (double?)((index + 1) * 1e6 * (1.5 + Math.Sin(moment / 9000.0))))]), at % 900 == 0 ? samples : null, []);
        }
    }

    private static HttpServer Serve(MadeUpHost host, Daemon daemon, string file, out Uri address)
    {
        var (proc, ksm, _) = host.Options.Roots;
        var tables = new MergingTables(new MergingSources(
            proc, new MergingReader(proc, ksm), () => [], () => daemon.RuleNames, () => daemon.Policy.Rules, host.Clock));
        var reader = new MergingReader(proc, ksm);
        var routes = new Routes(
            () => daemon.Status, new DecisionSource(host.Log!, daemon.RuleOf, () => TimeSpan.Zero),
            new ProcessFigures(() => reader.ReadProcesses(null), host.Clock), new HistoryDesk(() => file, host.Clock, () => { }),
            () => new BesideFigures([], new Dictionary<string, bool>(), true))
        {
            Dashboard = new DashboardRoutes(tables, new NoWhatIf(), new EstimateDesk(new NoWhatIf(), tables.DomainOf, host.Clock), () => true),
        };
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        var endpoint = (IPEndPoint)free.LocalEndpoint;
        free.Stop();
        address = new Uri($"http://{endpoint}");
        return HttpServer.Start(endpoint, routes.Answer, routes.AnswerPost);
    }

    private static (List<double> Milliseconds, long Bytes) Measure(Uri address, long now, int rounds, Action before, string? only = null)
    {
        // What was packed is counted as it came over the wire, so nothing is unpacked here.
        using var client = new HttpClient { BaseAddress = address };
        client.DefaultRequestHeaders.TryAddWithoutValidation("Accept-Encoding", "gzip");
        var (times, bytes) = (new List<double>(), 0L);
        for (var round = -10; round < rounds; round++)
        {
            before();
            var (start, sum) = (Stopwatch.GetTimestamp(), 0L);
            foreach (var path in only is null ? s_round : [only])
            {
                sum += client.GetByteArrayAsync(path.EndsWith("history", StringComparison.Ordinal) ? $"{path}?from={now - MonthSeconds}&to={now}&points=1000" : path).GetAwaiter().GetResult().Length;
            }

            if (round >= 0)
            {
                times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                bytes = sum;
            }
        }

        return (times, bytes);
    }

    private static Row Tell(string what, List<(List<double> Milliseconds, long Bytes)> measured)
    {
        var all = measured.SelectMany(page => page.Milliseconds).ToList();
        var row = new Row(what, Statistics.Median(all), Statistics.Percentile(all, 95), Statistics.Percentile(all, 99), measured[0].Bytes);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{row.Round,-15} {row.MillisecondsP50,7:F1} {row.MillisecondsP95,6:F1} {row.MillisecondsP99,6:F1} {row.Bytes / 1e3,12:F1}"));
        return row;
    }

    private sealed record Row(string Round, double MillisecondsP50, double MillisecondsP95, double MillisecondsP99, long Bytes);

    /// <summary>Nobody asks it anything here.</summary>
    private sealed class NoWhatIf : IWhatIf
    {
        public byte[] Plan(PlanQuestion question, byte[]? estimate) => throw new WhatIfException("not in a bench");

        public byte[] Estimate(IReadOnlyList<int> pids, TimeSpan limit) => throw new WhatIfException("not in a bench");
    }
}
