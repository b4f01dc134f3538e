using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Samepage.Bench.Measuring;
using Samepage.Server.History;
using Samepage.Server.Loop;

namespace Samepage.Bench;

/// <summary>
/// How long `samepage serve` takes to answer for a month of history with many guests, and what memory it has meanwhile. The
/// month is written by the daemon's own store; the daemon is the native executable, asked by HTTP. Goals: p95 below 100 ms
/// for each kind of question, resident memory below 60 MB. Needs root, and ksmd to itself. Options: --guests N (200),
/// --days N (30), --rounds N (100), --save.
/// </summary>
internal static class HistoryBench
{
    private const double MillisecondsMax = 100;
    private const double MegabytesMax = 60;

    public static int Run(string[] args)
    {
        var options = new BenchOptions(args, "--guests N --days N --rounds N --save");
        var (guests, days, rounds) = (options.Number("--guests", 200), options.Number("--days", 30), options.Number("--rounds", 100));
        var directory = Directory.CreateTempSubdirectory("samepage-bench-history-").FullName;
        try
        {
            var clock = Stopwatch.StartNew();
            var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
            var file = Path.Combine(Directory.CreateDirectory(Path.Combine(directory, "state")).FullName, HistoryOptions.FileName);
            var rows = WriteMonth(file, guests, days, now);
            var (writeSeconds, fileBytes) = (clock.Elapsed.TotalSeconds, new FileInfo(file).Length);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Machine.Cpu}, {Environment.ProcessorCount} processors, kernel {Machine.Kernel}\n{guests} guests, {days} days: {fileBytes / 1e6:F1} MB, {rows} samples written in {writeSeconds:F1} s ({writeSeconds / rows * 1e3:F2} ms each)"));
            var (answers, residentBytes) = AskDaemon(directory, days, rounds, now);
            var isQuick = answers.TrueForAll(answer => answer.P95Milliseconds < MillisecondsMax);
            var isSmall = residentBytes / 1e6 < MegabytesMax;
            foreach (var answer in answers)
            {
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{answer.Question,-18} p50 {answer.P50Milliseconds,6:F1} ms   p95 {answer.P95Milliseconds,6:F1} ms   {answer.Bytes / 1e3,7:F0} kB"));
            }

            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"resident afterwards {residentBytes / 1e6:F1} MB; p95 below {MillisecondsMax} ms: {isQuick}; below {MegabytesMax} MB: {isSmall}"));
            options.Save("history", JsonSerializer.Serialize(
                new { cpu = Machine.Cpu, kernel = Machine.Kernel, guests, days, file_bytes = fileBytes, milliseconds_per_sample = writeSeconds / rows * 1e3, answers, resident_bytes = residentBytes },
                BenchOptions.Json));
            return isQuick && isSmall ? 0 : 1;
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    /// <summary>A sample each minute with all guests, and in the last six hours one each ten seconds, as the daemon would have written.</summary>
    internal static int WriteMonth(string file, int guests, int days, long now)
    {
        var random = new Random(1);
        var identities = Enumerable.Range(1, guests).Select(guest => new ProcessIdentity(1000 + guest, guest, "boot", "qemu-system-x86", $"guest-{guest}")).ToArray();
        var begin = now - (days * 86400L);
        using var store = new HistoryStore(new HistoryOptions(file, 60, 64 << 20), begin);
        var (rows, number) = (0, 0);
        for (var at = HistoryTier.Begin(begin, 60); at < now - 10; at += at < now - (6 * 3600) ? 60 : 10)
        {
            var values = HistorySeries.Host.Select((_, index) => (double?)(random.NextDouble() * (index < 12 ? 1e11 : 1))).ToArray();
            ProcessSample[]? processes = at % 60 == 0 ? [.. identities.Select(identity => new ProcessSample(identity, random.Next(500_000), random.Next(500_000)))] : null;
            var moment = DateTimeOffset.FromUnixTimeSeconds(at);
            IReadOnlyList<ToldDecision> decisions = at % 300 == 0 ? [new ToldDecision(LogLevel.Info, new Decision(++number, moment, "governor", "host", null, "works, ksmd scans 5000 pages, then sleeps 20 ms", "1.2 GiB of new memory: burst at 0.50 of a core"))] : [];
            store.Append(new HistorySample(at, values), processes, decisions);
            rows++;
            if (rows % 1440 == 0)
            {
                store.Trim(at, isClockSteady: true);
            }
        }

        return rows;
    }

    private static (List<Answer> Answers, long ResidentBytes) AskDaemon(string directory, int days, int rounds, long now)
    {
        var port = FreePort();
        string[] arguments = ["-pf", "--kill-child", "--mount-proc", Machine.SamepageBinary, "serve", "--state", $"{directory}/state", "--run", $"{directory}/run", "--listen", $"127.0.0.1:{port}"];
        using var daemon = Process.Start(new ProcessStartInfo("unshare", arguments) { RedirectStandardError = true })!;
        daemon.ErrorDataReceived += (_, _) => { };
        daemon.BeginErrorReadLine();
        try
        {
            using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TimeSpan.FromSeconds(30) };
            WaitForHistory(client);
            var answers = new List<Answer>();
            foreach (var (question, query) in new[]
            {
                ("host, an hour", $"from={now - 3600}&to={now}"), ("host, a day", $"from={now - 86400}&to={now}"), ("host, a week", $"from={now - (7 * 86400)}&to={now}"),
                ("host, all of it", $"from={now - (days * 86400L)}&to={now}"), ("host, 2000 points", $"from={now - (days * 86400L)}&to={now}&points=2000"),
                ("a guest, a day", $"from={now - 86400}&to={now}&about=guest-7"), ("a guest, all of it", $"from={now - (days * 86400L)}&to={now}&about=guest-7"),
                ("all guests", $"from={now - (days * 86400L)}&to={now}&about=qemu-system-x86"),
            })
            {
                answers.Add(Ask(client, question, $"/api/v1/history?{query}", rounds));
            }

            return (answers, Resident(daemon.Id));
        }
        finally
        {
            // The daemon puts settings back; its namespace goes with it.
            var child = File.ReadAllText($"/proc/{daemon.Id}/task/{daemon.Id}/children").Trim();
            Signals.Send(int.Parse(child, CultureInfo.InvariantCulture), "TERM");
            daemon.WaitForExit();
        }
    }

    private static Answer Ask(HttpClient client, string question, string path, int rounds)
    {
        var times = new List<double>();
        var bytes = 0;
        for (var i = 0; i < rounds; i++)
        {
            var clock = Stopwatch.StartNew();
            bytes = client.GetByteArrayAsync(new Uri(path, UriKind.Relative)).GetAwaiter().GetResult().Length;
            times.Add(clock.Elapsed.TotalMilliseconds);
        }

        times.Sort();
        return new Answer(question, times[times.Count / 2], times[Math.Min(times.Count - 1, (int)Math.Ceiling(times.Count * 0.95))], bytes);
    }

    private static void WaitForHistory(HttpClient client)
    {
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < TimeSpan.FromSeconds(30); Thread.Sleep(200))
        {
            try
            {
                if (client.GetAsync(new Uri("/api/v1/history?points=2", UriKind.Relative)).GetAwaiter().GetResult().StatusCode == HttpStatusCode.OK)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // It does not listen yet.
            }
        }

        throw new InvalidOperationException("the daemon did not come up");
    }

    private static long Resident(int unshare)
    {
        var child = File.ReadAllText($"/proc/{unshare}/task/{unshare}/children").Trim();
        return long.Parse(File.ReadLines($"/proc/{child}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) * 1024;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private sealed record Answer(string Question, double P50Milliseconds, double P95Milliseconds, int Bytes);
}
