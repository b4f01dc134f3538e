using System.Diagnostics;
using Samepage.Bench.FiftyTwo;

namespace Samepage.Bench;

/// <summary>
/// The scenario fifty-two at full size, with each engine and without merging, and beyond the 52: real guests, one run
/// after another, by the native executable. Needs root, ksmd to itself, 17 GB of memory, and disk for the swap. Options:
/// --runs A,B (user,kernel,control,user-full,kernel-full), --guests N (52), --guest-size SIZE (1G), --host SIZE (16G),
/// --coverage X (0.8) for those beyond, --from DIRECTORY (documents that runs wrote before, NAME.json, instead of running),
/// --save. Exit status 1 where a run did not come out as promised.
/// </summary>
internal static class FiftyTwoBench
{
    private const string Everything = "user,kernel,control,user-full,kernel-full";

    public static int Run(string[] args)
    {
        var options = new BenchOptions(args, "--runs A,B --guests N --guest-size SIZE --host SIZE --coverage X --from DIRECTORY --save");
        var runs = new Dictionary<string, System.Text.Json.Nodes.JsonObject>();
        var isGood = true;
        foreach (var name in options.Text("--runs", Everything).Split(','))
        {
            var document = options.Text("--from", "") is { Length: > 0 } directory
                ? File.ReadAllText(Path.Combine(directory, name + ".json"))
                : Scenario(name, options);
            runs[name] = FiftyTwoResult.Thinned(document);
            isGood &= runs[name]["good"]!.GetValue<bool>();
        }

        var result = new FiftyTwoResult
        {
            Cpu = Machine.Cpu,
            Processors = Environment.ProcessorCount,
            MemoryBytes = Machine.MemoryBytes,
            Kernel = Machine.Kernel,
            Runs = runs,
        };
        Console.WriteLine($"{result.Cpu}, {result.Processors} processors, kernel {result.Kernel}\n\n{Quoting.FiftyTwoQuotes.Table(result).ToText()}\n\n{Quoting.FiftyTwoQuotes.Stops(result)}");
        options.Save("fifty-two", result.ToJson());
        return isGood ? 0 : 1;
    }

    /// <summary>Runs one and gives what it wrote; how it goes is shown meanwhile.</summary>
    private static string Scenario(string name, BenchOptions options)
    {
        List<string> arguments =
        [
            "scenario", "fifty-two", "--json", "--guests", options.Text("--guests", "52"), "--guest-size", options.Text("--guest-size", "1G"),
            "--host", options.Text("--host", "16G"),
            .. name == "control" ? ["--control"] : (string[])["--engine", name.Split('-')[0]],
            .. name.EndsWith("-full", StringComparison.Ordinal) ? ["--until-full", "--coverage", options.Text("--coverage", "0.8")] : (string[])[],
        ];
        Console.Error.WriteLine($"samepage {string.Join(' ', arguments)}");
        using var scenario = Process.Start(new ProcessStartInfo(Machine.SamepageBinary, arguments) { RedirectStandardOutput = true })!;
        var document = scenario.StandardOutput.ReadToEnd();
        scenario.WaitForExit();
        return document.Length > 0 ? document : throw new InvalidOperationException($"the run '{name}' ended with {scenario.ExitCode} and no document");
    }
}
