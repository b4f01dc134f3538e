using System.Globalization;
using System.Text.Json;
using Samepage.Bench.Measuring;

namespace Samepage.Bench;

/// <summary>
/// How long threads wait for their own memory while it is merged, on a machine whose processors are all busy with
/// something else: measured by the threads, beside the engine's own histogram of windows. Without merging, with ksmd and
/// with the user engine. Needs root, and ksmd to itself. Options: --members N (3), --pages N (40000), --threads N (2),
/// --rate N accesses a second of each thread (20000), --writes N of a thousand (20), --seconds N (30), --engine
/// none|kernel|user|all, --eager, --save.
/// </summary>
internal static class StallsBench
{
    private const double WaitMaxMicroseconds999 = 2_000;
    private const double WaitMaxMicroseconds = 20_000;

    public static int Run(string[] args)
    {
        var options = new BenchOptions(args, "--members N --pages N --threads N --writes N --rate N --seconds N --engine X --eager --save");
        Console.WriteLine($"{Machine.Cpu}, {Environment.ProcessorCount} processors, kernel {Machine.Kernel}");
        var rows = new List<StallRow>();
        foreach (var engine in new[] { "none", "kernel", "user" }.Where(name => options.Chooses("--engine", name)))
        {
            rows.Add(Measure(options, engine));
            rows[^1].Print();
        }

        options.Save("stalls", JsonSerializer.Serialize(new { cpu = Machine.Cpu, kernel = Machine.Kernel, rows }, BenchOptions.Json));
        var isWithin = rows.Where(row => row.Engine == "user").All(row =>
            row.WaitMicroseconds999 <= WaitMaxMicroseconds999 && row.WaitMicrosecondsMax <= WaitMaxMicroseconds);
        Console.WriteLine($"waits within {WaitMaxMicroseconds999 / 1000} ms at p99.9 and {WaitMaxMicroseconds / 1000} ms at most: {isWithin}");
        return isWithin && rows.TrueForAll(row => row.WrongValues == 0) ? 0 : 1;
    }

    private static StallRow Measure(BenchOptions options, string engine)
    {
        using IMerging? merging = engine switch
        {
            "kernel" => new KernelMerging(),
            "user" => new UserMerging("stalls", options.Has("--eager")),
            _ => null,
        };
        string Number(string name, int otherwise) => options.Number(name, otherwise).ToString(CultureInfo.InvariantCulture);
        using var fleet = new NativeFleet(
            merging?.Environment ?? NativeProgram.NoEnvironment, "stalls", options.Number("--members", 3),
            _ => [Number("--pages", 40_000), Number("--threads", 2), Number("--rate", 20_000), Number("--writes", 20)]);
        using var load = new NativeFleet(NativeProgram.NoEnvironment, "spin", Environment.ProcessorCount, _ => []);
        if (merging is not null)
        {
            fleet.AskAll("offer");
            merging.Begin(fleet.Pids);
        }

        // All at once: each answers with three lines when its time is up.
        var order = "run " + Number("--seconds", 30);
        var answers = fleet.Programs.AsParallel().WithDegreeOfParallelism(fleet.Programs.Count)
            .Select(program => (All: program.Ask(order), Waited: program.ReadLine(), Totals: program.ReadLine())).ToList();
        return StallRow.Of(engine, answers, merging?.Account ?? new EngineAccount(), merging?.SavedPages ?? 0);
    }
}

/// <summary>What threads measured of their own accesses, in microseconds.</summary>
internal sealed record StallRow(
    string Engine, long Accesses, long WrongValues, double Microseconds999, double MicrosecondsMax,
    long Waits, double WaitMicroseconds50, double WaitMicroseconds999, double WaitMicrosecondsMax,
    IReadOnlyList<TimedCount> WaitHistogram, long SavedPages, EngineAccount Account)
{
    public static StallRow Of(
        string engine, IReadOnlyList<(string All, string Waited, string Totals)> answers, EngineAccount account, long saved)
    {
        var all = TimedCount.Sum(answers.Select(answer => answer.All));
        var waited = TimedCount.Sum(answers.Select(answer => answer.Waited));
        var totals = answers.Select(answer => answer.Totals.Split(' ')[1..].Select(word => long.Parse(word, CultureInfo.InvariantCulture)).ToArray()).ToList();
        return new StallRow(
            engine, totals.Sum(t => t[0]), totals.Sum(t => t[1]), TimedCount.Percentile(all, 99.9), totals.Max(t => t[2]) / 1000.0,
            waited.Sum(count => count.Count), TimedCount.Percentile(waited, 50), TimedCount.Percentile(waited, 99.9),
            totals.Max(t => t[3]) / 1000.0, waited, saved, account);
    }

    public void Print()
    {
        Console.WriteLine(FormattableString.Invariant($"""
            {Engine}: {Accesses} accesses, {WrongValues} wrong values, {SavedPages} pages saved at the end
              every access               p99.9 < {Microseconds999:F1} us, max {MicrosecondsMax:F0} us (a busy machine takes the processor away, too)
              accesses that waited       {Waits}: p50 < {WaitMicroseconds50:F0} us, p99.9 < {WaitMicroseconds999:F0} us, max {WaitMicrosecondsMax:F0} us
            """));
        if (Engine == "user")
        {
            Console.WriteLine(FormattableString.Invariant(
                $"  the engine's own windows   {Account.Stalls.Sum()}: p99.9 < {Account.StallMicroseconds999:F0} us, max {Account.StallMaxMicroseconds:F0} us"));
            Console.WriteLine("  by power of two, us        " + string.Join(' ', Account.Stalls.Select(
                (count, bucket) => FormattableString.Invariant($"<{1L << bucket}:{count}")).Where(text => !text.EndsWith(":0", StringComparison.Ordinal))));
        }
    }
}

/// <summary>How many accesses took less than so long (and more than the bound before).</summary>
internal sealed record TimedCount(double BelowMicroseconds, long Count)
{
    /// <summary>Adds up lines of the form "name NANOSECONDS:COUNT NANOSECONDS:COUNT".</summary>
    public static IReadOnlyList<TimedCount> Sum(IEnumerable<string> lines) =>
    [
        .. lines.SelectMany(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..])
            .Select(entry => entry.Split(':'))
            .GroupBy(pair => long.Parse(pair[0], CultureInfo.InvariantCulture), pair => long.Parse(pair[1], CultureInfo.InvariantCulture))
            .OrderBy(group => group.Key)
            .Select(group => new TimedCount(group.Key / 1000.0, group.Sum())),
    ];

    public static double Percentile(IReadOnlyList<TimedCount> counts, double percent)
    {
        var (wanted, seen) = (counts.Sum(count => count.Count) * percent / 100, 0L);
        return counts.FirstOrDefault(count => (seen += count.Count) >= wanted)?.BelowMicroseconds ?? 0;
    }
}
