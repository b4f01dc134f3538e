using System.Diagnostics;
using System.Globalization;
using Samepage.Bench.Contest;
using Samepage.Bench.Peers;
using Samepage.Governing;
using Samepage.Linux.Proc;
using Samepage.Linux.Sys;
using Samepage.Scenarios;

namespace Samepage.Bench;

/// <summary>
/// Every way to merge on the same guests, by turns: no merging, ksmd as it comes, ksmd at a quick pace, the kernel's
/// advisor, ksmtuned, and Samepage's two engines. See <see cref="ContestPlan.Method"/>; bench/peers builds and runs it.
/// </summary>
internal static class PeersBench
{
    /// <summary>A guest with less cannot unpack its file system, which may take half of what the kernel leaves.</summary>
    private const int MegabytesMin = 224;

    private const string Usage = """
        usage: bench/peers [OPTIONS]
          --guests N           guests (4)
          --guest-mb N         memory of each, 224 at least (512)
          --repeat N           turns of each peer (2)
          --minutes X          how long a peer may take to converge (2)
          --peers A,B          who takes part (none,default,fast,advisor,ksmtuned,kernel,user)
          --before-seconds X   measured before merging (20)
          --after-seconds X    measured after it has converged (30)
          --flat-seconds X     as many requests as the guests can serve, at the end (3)
          --rate N             requests a second for each guest (100)
          --writes N           of a thousand requests, so many write (100)
          --keys N             data set of each server (4096 values of 1000 bytes)
          --out DIRECTORY      where table, CSV, JSON and plots go (artifacts/peers)
          --save               keeps them in bench/results, by processor
        Needs root, ksmd to itself, and QEMU, a kernel, busybox and redis-tools from apt.
        """;

    private const string Options = "--guests N --guest-mb N --repeat N --minutes X --peers A,B --before-seconds X --after-seconds X --flat-seconds X --rate N --writes N --keys N --out DIRECTORY --save";

    public static int Run(string[] args)
    {
        if (args.Contains("--help"))
        {
            Console.WriteLine(Usage);
            return 0;
        }

        try
        {
            var options = new BenchOptions(args, Options);
            if (Complaint(options) is var (status, complaint))
            {
                Console.Error.WriteLine($"bench/peers: {complaint}");
                return status;
            }

            return PidNamespace.HostProc is null ? RunOutside(args) : RunInside(options);
        }
        catch (ScenarioException failure)
        {
            Console.Error.WriteLine($"bench/peers: {failure.Message}");
            return 1;
        }
    }

    /// <summary>Goes inside, and puts ksmd's settings back where what is inside was called off or killed.</summary>
    private static int RunOutside(string[] args)
    {
        try
        {
            return PidNamespace.Run(["peers", .. args]);
        }
        finally
        {
            _ = SavedSettings.RestoreLeftBehind(new KsmSysfs(), StateDirectory.Default, new ProcFs());
        }
    }

    /// <summary>What is wrong, in one line, before anything is started: 2 for usage, 3 for what the machine lacks, 4 for root.</summary>
    private static (int Status, string Text)? Complaint(BenchOptions options)
    {
        var names = Names(options);
        if (options.Number("--guests", 4) < 2 || options.Number("--guest-mb", 512) < MegabytesMin)
        {
            return (2, $"at least 2 guests of {MegabytesMin} MB are needed: a server and what guests have in common must fit");
        }

        if (!Environment.IsPrivilegedProcess)
        {
            return (4, "root is needed: ksmd is driven by root only");
        }

        if (ServedGuests.Missing() is { } missing)
        {
            return (3, $"this machine lacks {missing}");
        }

        return names.Select(Contender.Lacks).FirstOrDefault(lack => lack is not null) is { } lacking ? (3, lacking) : null;
    }

    private static string[] Names(BenchOptions options) => Contender.Chosen(options, string.Join(',', Contender.All.Select(contender => contender.Name)));

    private static ContestPlan Plan(BenchOptions options) => new(
        options.Number("--guests", 4), options.Number("--guest-mb", 512), options.Number("--repeat", 2), options.Real("--minutes", 2) * 60,
        options.Real("--before-seconds", 20), options.Real("--after-seconds", 30), options.Real("--flat-seconds", 3),
        options.Number("--rate", 100), options.Number("--writes", 100), options.Number("--keys", 4096));

    private static int RunInside(BenchOptions options)
    {
        var (plan, names, ksm, clock) = (Plan(options), Names(options), new KsmSysfs(), Stopwatch.StartNew());
        var began = DateTime.UtcNow.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);
        Console.WriteLine($"{Machine.Cpu}, {Environment.ProcessorCount} processors, {Machine.MemoryBytes >> 30} GB, kernel {Machine.Kernel}");
        using var settings = SavedSettings.Take(ksm, StateDirectory.Default, new ProcFs());
        var trials = new List<TrialResult>();
        for (var repetition = 0; repetition < plan.Repetitions; repetition++)
        {
            foreach (var name in ContestPlan.Order(names, repetition))
            {
                var trial = Contender.HaveTurn(name, settings, ksm, engine => new ContestTrial(plan, name, repetition, engine).Run());
                trials.Add(trial);
                Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{clock.Elapsed:mm\\:ss} {name}, turn {repetition + 1}: {trial.End.Share:P1} saved{(trial.IsSettled ? "" : " and not done")}, CPU {trial.CpuSeconds:F2} s, p95 {trial.Converging.P95Milliseconds:F2} then {trial.After.P95Milliseconds:F2} ms"));

                // It takes long: what was measured by now is worth keeping.
                Keep(options, ContestResult.Of(plan, began, clock.Elapsed.TotalSeconds, trials));
            }
        }

        Tell(ContestResult.Of(plan, began, clock.Elapsed.TotalSeconds, trials));
        Console.WriteLine($"kept in {Path.GetRelativePath(Directory.GetCurrentDirectory(), Target(options))}/");
        return trials.TrueForAll(trial => trial.GuestsVerified == plan.Guests && Wrong(trial) == 0) ? 0 : 1;
    }

    private static long Wrong(TrialResult trial) => trial.Before.Wrong + trial.Converging.Wrong + trial.After.Wrong;

    private static void Tell(ContestResult result)
    {
        foreach (var line in result.Method)
        {
            Console.WriteLine($"- {line}");
        }

        Console.WriteLine($"\n{ContestFigures.Saving(result).ToText()}\n\nThe guests' own work while merging converges, and after:\n{ContestFigures.Work(result).ToText()}\n");
        if (result.Peers.Any(peer => peer.TurnsSettled < peer.Turns))
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"* not done after {result.Plan.ConvergeSecondsMax} s"));
        }
    }

    private static string Target(BenchOptions options) => Path.GetFullPath(
        options.Has("--save") ? Path.GetDirectoryName(BenchOptions.ResultPath("peers", "json"))! : options.Text("--out", Path.Combine(Machine.Root, "artifacts", "peers")));

    private static void Keep(BenchOptions options, ContestResult result)
    {
        string PathOf(string what, string extension) => options.Has("--save")
            ? BenchOptions.ResultPath(what.Length == 0 ? "peers" : $"peers-{what}", extension)
            : Path.Combine(Target(options), $"peers{(what.Length == 0 ? "" : "-" + what)}.{extension}");
        Directory.CreateDirectory(Target(options));
        File.WriteAllText(PathOf("", "json"), result.ToJson() + "\n");
        File.WriteAllText(PathOf("", "csv"), ContestCsv.Write(result));
        foreach (var (name, svg) in ContestPlots.All(result))
        {
            File.WriteAllText(PathOf(name, "svg"), svg);
        }
    }
}
