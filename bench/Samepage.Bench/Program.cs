using Samepage.Bench;

// One bench per file; each takes its own arguments and returns an exit code.
var benches = new Dictionary<string, (string About, Func<string[], int> Run)>
{
    ["churn"] = ("merged memory that is rewritten without end, half under each engine", ChurnBench.Run),
    ["cow"] = ("what a write to a merged page costs the writer", CowBench.Run),
    ["dashboard"] = ("how long the dashboard's data takes with 200 guests, over real HTTP", DashboardBench.Run),
    ["engines"] = ("ksmd against the user engine, on QEMU guests", EnginesBench.Run),
    ["fifty-two"] = ("52 guests of 1 GB under 16 GB with each engine and without, and how far beyond", FiftyTwoBench.Run),
    ["footprint"] = ("what `serve` itself costs: start, memory and CPU beside programs that hold still, and with its page open", FootprintBench.Run),
    ["govern"] = ("samepage serve against other ways to pace ksmd, on QEMU guests that come and change", GovernBench.Run),
    ["history"] = ("how long `serve` takes to answer for a month of history with 200 guests", HistoryBench.Run),
    ["keeper"] = ("the keeper's index: nanoseconds for a posted page, bytes for a content", KeeperBench.Run),
    ["pace"] = ("what guests feel of ksmd at one pace or another, by turns of a second", PaceBench.Run),
    ["peers"] = ("Samepage's engines against every other way to merge, on the same guests; see bench/peers", PeersBench.Run),
    ["promise"] = ("what an estimate promises against what ksmd achieves, on QEMU guests", PromiseBench.Run),
    ["quote"] = ("writes figures of bench/results into the pages that quote them; see bench/quote", QuoteBench.Run),
    ["redis"] = ("Redis, and a C program with the C ABI, with merging and without", RedisBench.Run),
    ["scan"] = ("the CPU of `estimate` against a C program that only reads the same pages", ScanBench.Run),
    ["scattered"] = ("duplicates without long runs: CPU time a merged page", ScatteredBench.Run),
    ["stalls"] = ("how long threads wait for memory that is being merged", StallsBench.Run),
    ["slowdown"] = ("what guests' own work feels of merging, beside guests that nobody merges, by turns of a second", SlowdownBench.Run),
    ["startup"] = ("how long `--help` and `doctor` take from start to end", StartupBench.Run),
    ["storm"] = ("guests whose merged pages are all rewritten at once, with the guard and without", StormBench.Run),
};

if (args.Length == 0 || !benches.TryGetValue(args[0], out var bench))
{
    Console.Error.WriteLine("usage: dotnet run -c Release --project bench/Samepage.Bench -- BENCH [OPTIONS]");
    foreach (var (name, entry) in benches)
    {
        Console.Error.WriteLine($"  {name,-12} {entry.About}");
    }

    return 2;
}

try
{
    return bench.Run(args[1..]);
}
catch (BenchUsageException wrong)
{
    Console.Error.WriteLine($"bench/{args[0]}: {wrong.Message}");
    return 2;
}
catch (Exception failure)
{
    // Caught, so that on the way here programs were ended and settings put back.
    Console.Error.WriteLine(failure);
    return 1;
}
