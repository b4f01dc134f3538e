using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Samepage.Bench.Footprint;
using Samepage.Bench.Measuring;
using Samepage.Bench.Peers;
using Samepage.Governing;
using Samepage.Linux.Proc;
using Samepage.Linux.Sys;
using Samepage.Server.History;
using Samepage.Server.Http;

namespace Samepage.Bench;

/// <summary>
/// What the daemon itself costs, as the native executable: how long it takes to be ready; what it takes beside programs
/// that are merged and hold still; what memory it has while a page with a month of history is asked for once a second; and
/// what it has when clients after that hold all connections, slow or greedy.
/// Needs root, and ksmd to itself. Options: --parts start,still,page (all), --rounds N (20 starts), --holders N (60),
/// --holder-pages N (1024), --seconds N (60), --guests N (200, in the history), --dry-run (the daemon acts on nothing; part
/// start only), --save. Exit status 1 where a goal is missed.
/// </summary>
internal static class FootprintBench
{
    private const double ReadyMillisecondsMax = 300, StillMegabytesMax = 40, StillPercentMax = 0.2, PageMegabytesMax = 60, HeldSecondsMax = 60;
    private const int Days = 30;

    public static int Run(string[] args)
    {
        var options = new BenchOptions(args, "--parts A,B --rounds N --holders N --holder-pages N --seconds N --guests N --dry-run --save");
        return PidNamespace.HostProc is null ? PidNamespace.Run(["footprint", .. args]) : RunInside(options);
    }

    private static int RunInside(BenchOptions options)
    {
        var isDry = options.Has("--dry-run");
        var parts = options.Text("--parts", isDry ? "start" : "start,still,page").Split(',');
        var ksm = new KsmSysfs();
        var executable = Machine.SamepageBinary;
        Console.WriteLine($"{Machine.Cpu}, {Environment.ProcessorCount} processors, kernel {Machine.Kernel}");
        if (isDry)
        {
            return parts is ["start"]
                ? Finish(options, new FootprintResult { Start = MeasureStart(executable, options, "--dry-run") })
                : throw new ArgumentException("--dry-run goes with --parts start only");
        }

        using var settings = SavedSettings.Take(ksm, StateDirectory.Default, new ProcFs());
        KsmdRest.Forget(settings, ksm);
        try
        {
            using var lent = settings.Lend();
            var result = new FootprintResult { Start = parts.Contains("start") ? MeasureStart(executable, options) : null };
            return Finish(options, MeasureBeside(executable, options, ksm, parts, result));
        }
        finally
        {
            KsmdRest.Forget(settings, ksm);
        }
    }

    private static StartFigures MeasureStart(string executable, BenchOptions options, params string[] more)
    {
        var times = new List<double>();
        for (var round = 0; round < options.Number("--rounds", 20); round++)
        {
            InDirectory(directory =>
            {
                using var daemon = new ServedDaemon(executable, directory, BenchOptions.LogPath("footprint"), options: more);
                times.Add(daemon.ReadyMilliseconds);
            });
        }

        var figures = new StartFigures(Statistics.Middle(times), times.Max(), times);
        Console.WriteLine(FormattableString.Invariant(
            $"start to READY=1, {times.Count} times: median {figures.MillisecondsMedian:F0} ms (goal {ReadyMillisecondsMax:F0}), greatest {figures.MillisecondsMost:F0} ms"));
        return figures;
    }

    /// <summary>The programs that are merged stay for both parts.</summary>
    private static FootprintResult MeasureBeside(string executable, BenchOptions options, KsmSysfs ksm, string[] parts, FootprintResult result)
    {
        if (!parts.Contains("still") && !parts.Contains("page"))
        {
            return result;
        }

        var count = options.Number("--holders", 60);
        using var holders = new StillHolders(ksm, count, options.Number("--holder-pages", 1024));
        InDirectory(directory =>
        {
            using var daemon = new ServedDaemon(executable, directory, BenchOptions.LogPath("footprint-still"));
            var seconds = holders.AwaitMerging();
            daemon.AwaitRest();
            Console.WriteLine(FormattableString.Invariant($"{count} programs merged after {seconds:F0} s: {holders.SavedBytes / 1e6:F1} MB saved"));
            if (parts.Contains("still"))
            {
                result = result with { Still = MeasureStill(daemon, holders, options) };
            }
        });
        return parts.Contains("page") ? result with { Page = MeasurePage(executable, holders, options) } : result;
    }

    private static StillFigures MeasureStill(ServedDaemon daemon, StillHolders holders, BenchOptions options)
    {
        var span = Spending.Begin(daemon);
        Thread.Sleep(TimeSpan.FromSeconds(options.Number("--seconds", 60)));
        var (seconds, own, ksmd) = span.End();
        var (resident, peak) = daemon.Memory;
        var figures = new StillFigures(options.Number("--holders", 60), holders.SavedBytes, seconds, own, ksmd, resident, peak);
        Console.WriteLine(FormattableString.Invariant(
            $"beside them, {seconds:F0} s: {own:F3} % of a core (goal {StillPercentMax}), ksmd {ksmd:F3} %; {resident / 1e6:F1} MB resident, {peak / 1e6:F1} MB at most (goal {StillMegabytesMax:F0}); {holders.SavedBytes / 1e6:F1} MB saved"));
        return figures;
    }

    private static PageFigures MeasurePage(string executable, StillHolders holders, BenchOptions options)
    {
        PageFigures? figures = null;
        InDirectory(directory =>
        {
            var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
            var file = Path.Combine(Directory.CreateDirectory(Path.Combine(directory, "state")).FullName, HistoryOptions.FileName);
            HistoryBench.WriteMonth(file, options.Number("--guests", 200), Days, now);
            using var daemon = new ServedDaemon(executable, directory, BenchOptions.LogPath("footprint-page"));
            var sockets = HostileClients.SocketsOf(daemon.Pid);
            using var visitor = new PageVisitor(daemon.Address);
            visitor.AwaitHistory();
            var (rounds, bytes, span) = (new List<double>(), 0L, Spending.Begin(daemon));
            for (var (clock, length) = (Stopwatch.StartNew(), options.Number("--seconds", 60)); rounds.Count < length;)
            {
                var begin = clock.Elapsed;
                bytes = visitor.Round();
                rounds.Add((clock.Elapsed - begin).TotalMilliseconds);
                var next = TimeSpan.FromSeconds(rounds.Count);
                Thread.Sleep(next > clock.Elapsed ? next - clock.Elapsed : TimeSpan.Zero);
            }

            var (seconds, own, ksmd) = span.End();
            var (resident, peak) = daemon.Memory;
            figures = new PageFigures(
                rounds.Count, PageVisitor.Requests, bytes, Statistics.Middle(rounds), rounds.Max(), new FileInfo(file).Length, holders.SavedBytes, seconds, own, ksmd, resident, peak)
            {
                Hostile = MeasureHostile(daemon, now, sockets),
            };
        });
        Console.WriteLine(FormattableString.Invariant(
            $"a page once a second, {figures!.Rounds} times {figures.Requests} requests of {figures.RoundBytes / 1e3:F0} kB, {figures.RoundMillisecondsMedian:F0} ms: {figures.CpuPercent:F1} % of a core; {figures.ResidentBytes / 1e6:F1} MB resident, {figures.PeakBytes / 1e6:F1} MB at most (goal {PageMegabytesMax:F0}); {figures.SavedBytes / 1e6:F1} MB saved"));
        var hostile = figures.Hostile!;
        Console.WriteLine(FormattableString.Invariant(
            $"{hostile.Connections} slow and silent connections that ask for {hostile.AskedBytes / 1e6:F0} MB: let go after {hostile.SecondsHeld:F0} s, {hostile.SlowPeakBytes / 1e6:F1} MB at most; {hostile.Connections} at once that ask for the month, {hostile.GreedyAnswers} answers of {hostile.AnswerBytes / 1e3:F0} kB in {hostile.GreedySeconds:F0} s: {hostile.PeakBytes / 1e6:F1} MB at most (goal {PageMegabytesMax:F0})"));
        return figures;
    }

    /// <summary>All places taken by clients that are slow, silent, or read nothing; then by some that ask for the most there is as fast as they can.</summary>
    private static HostileFigures MeasureHostile(ServedDaemon daemon, long now, int sockets)
    {
        const int GreedySeconds = 10;
        var path = FormattableString.Invariant($"/api/v1/history?from={now - (Days * 86_400)}&to={now}&points={HistoryQuery.PointsMax}");
        var clock = Stopwatch.StartNew();
        int readless;
        using (var clients = new HostileClients(IPEndPoint.Parse(daemon.Address.Authority), path, HttpServer.ConnectionsMax))
        {
            readless = clients.Readless;
            for (Thread.Sleep(1000); HostileClients.SocketsOf(daemon.Pid) > sockets && clock.Elapsed.TotalSeconds < HeldSecondsMax; Thread.Sleep(100))
            {
                clients.Dribble();
            }
        }

        var (held, slowPeak) = (clock.Elapsed.TotalSeconds, daemon.Memory.PeakBytes);
        using var handler = new SocketsHttpHandler { MaxConnectionsPerServer = HttpServer.ConnectionsMax };
        using var client = new HttpClient(handler) { BaseAddress = daemon.Address };
        var end = DateTime.UtcNow + TimeSpan.FromSeconds(GreedySeconds);
        var (answers, length) = (0, 0);
        Task.WaitAll(Enumerable.Range(0, HttpServer.ConnectionsMax).Select(async _ =>
        {
            for (; DateTime.UtcNow < end; Interlocked.Increment(ref answers))
            {
                Volatile.Write(ref length, (await client.GetByteArrayAsync(new Uri(path, UriKind.Relative))).Length);
            }
        }));
        return new HostileFigures(HttpServer.ConnectionsMax, (long)readless * HostileClients.RequestsEach * length, held, slowPeak, answers, length, GreedySeconds, daemon.Memory.PeakBytes);
    }

    private static int Finish(BenchOptions options, FootprintResult result)
    {
        options.Save("footprint", JsonSerializer.Serialize(
            new { cpu = Machine.Cpu, processors = Environment.ProcessorCount, kernel = Machine.Kernel, result.Start, result.Still, result.Page }, BenchOptions.Json));
        List<string> missed =
        [
            .. result.Start is { } start && start.MillisecondsMedian > ReadyMillisecondsMax ? ["start to READY=1"] : (string[])[],
            .. result.Still is { } still && still.PeakBytes > StillMegabytesMax * 1e6 ? ["memory beside programs that hold still"] : (string[])[],
            .. result.Still is { CpuPercent: > StillPercentMax } ? ["CPU beside programs that hold still"] : (string[])[],
            .. result.Page is { } page && page.PeakBytes > PageMegabytesMax * 1e6 ? ["memory while a page is asked for"] : (string[])[],
            .. result.Page?.Hostile is { } hostile && hostile.PeakBytes > PageMegabytesMax * 1e6 ? ["memory under hostile clients"] : (string[])[],
            .. result.Page?.Hostile is { SecondsHeld: >= HeldSecondsMax } ? ["hostile clients are let go"] : (string[])[],
        ];
        Console.WriteLine(missed.Count == 0 ? "all goals met" : $"missed: {string.Join(", ", missed)}");
        return missed.Count == 0 ? 0 : 1;
    }

    /// <summary>Short-lived, and with a short name: sockets lie in it.</summary>
    private static void InDirectory(Action<string> work)
    {
        var directory = Directory.CreateTempSubdirectory("samepage-bench-footprint-");
        try
        {
            work(directory.FullName);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    /// <summary>What a daemon and ksmd spend from now on.</summary>
    private sealed record Spending(ServedDaemon Daemon, KsmdThread Ksmd, Stopwatch Clock, double OwnBefore, double KsmdBefore)
    {
        public static Spending Begin(ServedDaemon daemon)
        {
            var ksmd = new KsmdThread(new ProcFs(PidNamespace.HostProc ?? "/proc"));
            var before = ksmd.CpuSeconds ?? throw new InvalidOperationException("ksmd is not to be seen");
            return new Spending(daemon, ksmd, Stopwatch.StartNew(), daemon.CpuSeconds, before);
        }

        /// <summary>Seconds, and percent of a core.</summary>
        public (double Seconds, double OwnPercent, double KsmdPercent) End()
        {
            var (seconds, own, ksmd) = (Clock.Elapsed.TotalSeconds, Daemon.CpuSeconds - OwnBefore, Ksmd.CpuSeconds!.Value - KsmdBefore);
            return (seconds, 100 * own / seconds, 100 * ksmd / seconds);
        }
    }

    private sealed record FootprintResult
    {
        public StartFigures? Start { get; init; }

        public StillFigures? Still { get; init; }

        public PageFigures? Page { get; init; }
    }

    private sealed record StartFigures(double MillisecondsMedian, double MillisecondsMost, IReadOnlyList<double> Milliseconds);

    private sealed record StillFigures(
        int Holders, long SavedBytes, double Seconds, double CpuPercent, double KsmdPercent, long ResidentBytes, long PeakBytes);

    private sealed record PageFigures(
        int Rounds, int Requests, long RoundBytes, double RoundMillisecondsMedian, double RoundMillisecondsMost, long HistoryBytes,
        long SavedBytes, double Seconds, double CpuPercent, double KsmdPercent, long ResidentBytes, long PeakBytes)
    {
        public HostileFigures? Hostile { get; init; }
    }

    private sealed record HostileFigures(
        int Connections, long AskedBytes, double SecondsHeld, long SlowPeakBytes, int GreedyAnswers, long AnswerBytes, double GreedySeconds, long PeakBytes);
}
