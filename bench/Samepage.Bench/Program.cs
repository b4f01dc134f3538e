using Samepage.Bench;

// One bench per file; each takes its own arguments and returns an exit code.
var benches = new Dictionary<string, (string About, Func<string[], int> Run)>
{
    ["keeper"] = ("the keeper's index: nanoseconds for a posted page, bytes for a content", KeeperBench.Run),
    ["promise"] = ("what an estimate promises against what ksmd achieves, on QEMU guests", PromiseBench.Run),
    ["scan"] = ("the CPU of `estimate` against a C program that only reads the same pages", ScanBench.Run),
    ["startup"] = ("how long `--help` and `doctor` take from start to end", StartupBench.Run),
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

return bench.Run(args[1..]);
