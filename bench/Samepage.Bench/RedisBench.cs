using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Samepage.Bench.Measuring;

namespace Samepage.Bench;

/// <summary>
/// What merging costs programs that use their memory: real Redis servers with the same data set, and a C program that
/// offers its heap through the C ABI, each with and without, in turn within one run. Needs redis-server and
/// redis-benchmark (apt-get install redis-server), no root. Options: --instances N with and as many without (3), --keys N
/// (200000), --value-bytes N (400), --requests N (200000), --rounds N (5), --heap-mb N (128), --seconds N (5), --eager,
/// --save.
/// </summary>
internal static class RedisBench
{
    public static int Run(string[] args)
    {
        var options = new BenchOptions(args, "--instances N --keys N --value-bytes N --requests N --heap-mb N --seconds N --rounds N --eager --save");
        Console.WriteLine($"{Machine.Cpu}, {Environment.ProcessorCount} processors, kernel {Machine.Kernel}");
        var redis = Redis(options);
        var heap = Heap(options);
        foreach (var row in redis.Rows.Append(heap.Row))
        {
            Console.WriteLine(FormattableString.Invariant(
                $"{row.What,-12} merged / plain: throughput {row.Throughput:F3} ({row.ThroughputMin:F3}-{row.ThroughputMax:F3}), CPU an operation {row.CpuAnOperation:F3} ({row.CpuMin:F3}-{row.CpuMax:F3})"));
        }

        Console.WriteLine($"saved: Redis {redis.SavedPages} of {redis.ResidentPages} pages, heap {heap.SavedPages} of {heap.ResidentPages} pages; {heap.Wrong} wrong records");
        options.Save("redis", JsonSerializer.Serialize(new { cpu = Machine.Cpu, kernel = Machine.Kernel, redis, heap }, BenchOptions.Json));
        return heap.Wrong == 0 && redis.IsDataSetWhole ? 0 : 1;
    }

    private static RedisResult Redis(BenchOptions options)
    {
        using var merging = new UserMerging("redis", options.Has("--eager"), offersAll: true);
        using var plain = new RedisServers(options, NativeProgram.NoEnvironment);
        using var merged = new RedisServers(options, merging.Environment);
        var resident = FleetMemory.Read(merged.Pids).AnonymousPages;
        merging.Begin(merged.Pids);
        _ = Convergence.Watch(merging, TimeSpan.FromMinutes(5));
        var (saved, pairs) = (merging.SavedPages, new Dictionary<string, List<(Throughput Merged, Throughput Plain)>>());
        for (var round = 0; round < options.Number("--rounds", 5); round++)
        {
            foreach (var command in new[] { "get", "set" })
            {
                // Whoever goes first finds other caches: in turn.
                var server = round % merged.Pids.Count;
                var first = (round % 2 == 0 ? merged : plain).Measure(command, server);
                var second = (round % 2 == 0 ? plain : merged).Measure(command, server);
                pairs.TryAdd(command, []);
                pairs[command].Add(round % 2 == 0 ? (first, second) : (second, first));
            }
        }

        var account = merging.Account;
        return new RedisResult(
            [.. pairs.Select(pair => MergedRow.Of("redis " + pair.Key, pair.Value))], saved, merging.SavedPages, resident,
            plain.KeysOfAll().Concat(merged.KeysOfAll()).All(keys => keys == options.Number("--keys", 200_000)), account);
    }

    private static HeapResult Heap(BenchOptions options)
    {
        using var merging = new UserMerging("heap", options.Has("--eager"));
        string[] Arguments(string domain) =>
            [options.Number("--heap-mb", 128).ToString(CultureInfo.InvariantCulture), "20", domain, "/nonexistent/samepage"];
        var library = Path.GetDirectoryName(Machine.SamepageBinary)!;
        _ = NativeProgram.Path("heap", $"-I{Machine.Root}/src/Samepage.Native/include", $"-L{library}", "-lsamepage", $"-Wl,-rpath,{library}");
        using var plain = new NativeFleet(NativeProgram.NoEnvironment, "heap", 2, _ => Arguments("-"));
        using var merged = new NativeFleet(NativeProgram.NoEnvironment, "heap", 2, _ => Arguments(merging.Domain));
        var resident = FleetMemory.Read(merged.Pids).AnonymousPages;
        merging.Begin(merged.Pids);
        _ = Convergence.Watch(merging, TimeSpan.FromMinutes(5));
        var saved = merging.SavedPages;
        var (pairs, wrong) = (new List<(Throughput, Throughput)>(), 0L);
        var order = "run " + options.Number("--seconds", 5).ToString(CultureInfo.InvariantCulture);
        Throughput Once(NativeFleet fleet)
        {
            var words = fleet.Programs[0].Ask(order).Split(' ').Select(word => double.Parse(word, CultureInfo.InvariantCulture)).ToArray();
            wrong += (long)words[1];
            return new Throughput(words[0] / options.Number("--seconds", 5), words[2] * 1e-9 / words[0]);
        }

        for (var round = 0; round < options.Number("--rounds", 5); round++)
        {
            var first = Once(round % 2 == 0 ? merged : plain);
            var second = Once(round % 2 == 0 ? plain : merged);
            pairs.Add(round % 2 == 0 ? (first, second) : (second, first));
        }

        return new HeapResult(MergedRow.Of("heap", pairs), saved, resident, wrong, merging.Account);
    }

    private sealed record RedisResult(
        IReadOnlyList<MergedRow> Rows, long SavedPages, long SavedPagesAtTheEnd, long ResidentPages, bool IsDataSetWhole, EngineAccount Account);

    private sealed record HeapResult(MergedRow Row, long SavedPages, long ResidentPages, long Wrong, EngineAccount Account);
}

/// <summary>Operations a second, and CPU seconds of the serving threads an operation.</summary>
internal sealed record Throughput(double OperationsASecond, double CpuSecondsAnOperation);

/// <summary>With merging against without, as medians and extremes of the rounds' ratios.</summary>
internal sealed record MergedRow(
    string What, double Throughput, double ThroughputMin, double ThroughputMax, double CpuAnOperation, double CpuMin, double CpuMax)
{
    public static MergedRow Of(string what, IReadOnlyList<(Throughput Merged, Throughput Plain)> pairs)
    {
        var speed = pairs.Select(pair => pair.Merged.OperationsASecond / pair.Plain.OperationsASecond).ToList();
        var cpu = pairs.Select(pair => pair.Merged.CpuSecondsAnOperation / pair.Plain.CpuSecondsAnOperation).ToList();
        return new MergedRow(what, Statistics.Median(speed), speed.Min(), speed.Max(), Statistics.Median(cpu), cpu.Min(), cpu.Max());
    }
}

/// <summary>Redis servers with one data set, on Unix sockets in a directory of their own.</summary>
internal sealed class RedisServers : IDisposable
{
    private readonly BenchOptions _options;
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("samepage-redis-");
    private readonly List<Process> _servers = [];

    public RedisServers(BenchOptions options, IReadOnlyDictionary<string, string> environment)
    {
        _options = options;
        try
        {
            for (var number = 0; number < options.Number("--instances", 3); number++)
            {
                _servers.Add(Start(number, environment));
            }

            for (var number = 0; number < _servers.Count; number++)
            {
                Fill(number);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public IReadOnlyList<int> Pids => [.. _servers.Select(server => server.Id)];

    /// <summary>Runs redis-benchmark against one server; the CPU time is the server's without that of an engine in it.</summary>
    public Throughput Measure(string command, int number)
    {
        var requests = _options.Number("--requests", 200_000);
        var before = ProgramCpu.Read([Pids[number]]);
        var output = Tool(
            "redis-benchmark", "-s", Socket(number), "-n", Text(requests), "-r", Text(_options.Number("--keys", 200_000)), "-c", "20",
            "-d", Text(_options.Number("--value-bytes", 400)), "-t", command, "--csv");
        var cpu = ProgramCpu.Read([Pids[number]]) - before;
        var fields = output.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1].Split(',');
        return new Throughput(double.Parse(fields[1].Trim('"'), CultureInfo.InvariantCulture), cpu / requests);
    }

    public IEnumerable<long> KeysOfAll() => Enumerable.Range(0, _servers.Count)
        .Select(number => long.Parse(Tool("redis-cli", "-s", Socket(number), "dbsize").Trim(), CultureInfo.InvariantCulture));

    public void Dispose()
    {
        foreach (var server in _servers)
        {
            server.Kill();
            server.WaitForExit();
            server.Dispose();
        }

        _directory.Delete(recursive: true);
    }

    private Process Start(int number, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo("redis-server",
        [
            "--port", "0", "--unixsocket", Socket(number), "--save", "", "--appendonly", "no", "--activedefrag", "no",
            "--dir", _directory.FullName, "--loglevel", "warning",
        ])
        { RedirectStandardOutput = true };
        foreach (var (key, value) in environment)
        {
            start.Environment[key] = value;
        }

        var server = Process.Start(start)!;
        for (var tries = 0; !File.Exists(Socket(number)); tries++)
        {
            if (server.HasExited || tries > 1000)
            {
                throw new InvalidOperationException("redis-server did not come up: " + server.StandardOutput.ReadToEnd());
            }

            Thread.Sleep(20);
        }

        return server;
    }

    /// <summary>The keys of redis-benchmark, with values that follow from their numbers: the same for every server, in one order.</summary>
    private void Fill(int number)
    {
        var start = new ProcessStartInfo("redis-cli", ["-s", Socket(number), "--pipe"]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        using var client = Process.Start(start)!;
        var length = _options.Number("--value-bytes", 400);
        using (var input = client.StandardInput)
        {
            for (var key = 0; key < _options.Number("--keys", 200_000); key++)
            {
                var random = new Random(key);
                var value = string.Create(length, random, static (text, source) =>
                {
                    for (var at = 0; at < text.Length; at++)
                    {
                        text[at] = (char)('a' + source.Next(26));
                    }
                });
                input.Write(FormattableString.Invariant($"*3\r\n$3\r\nSET\r\n$16\r\nkey:{key:D12}\r\n${length}\r\n{value}\r\n"));
            }
        }

        _ = client.StandardOutput.ReadToEnd();
        client.WaitForExit();
    }

    private string Socket(int number) => Path.Combine(_directory.FullName, FormattableString.Invariant($"{number}.sock"));

    private static string Tool(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {output}");
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
