using System.Text.Json;
using Samepage.Bench.Measuring;

namespace Samepage.Bench;

/// <summary>
/// ksmd and the user engine on QEMU guests of the same kinds, one after the other: CPU time to 95 % of what the oracle
/// says can be saved, the saving after all costs, the cost of going on with nothing changing, metadata. Needs root, and
/// ksmd to itself. Options: --guests N (8), --guest-mb N (1024), --fleet alike|unlike|both (both), --engine
/// kernel|user|both (both), --rounds N (1), --eager, --rest-seconds N (20), --save.
/// </summary>
internal static class EnginesBench
{
    public static int Run(string[] args)
    {
        var options = new BenchOptions(args, "--guests N --guest-mb N --fleet X --engine X --rounds N --rest-seconds N --eager --save");
        var megabytes = options.Number("--guest-mb", 1024);
        var fleets = new Dictionary<string, IReadOnlyList<GuestRecipe>>
        {
            ["alike"] = GuestRecipe.Alike(options.Number("--guests", 8), megabytes),
            ["unlike"] = GuestRecipe.Unlike(megabytes),
        };
        var trials = new List<EngineTrial>();
        Console.WriteLine($"{Machine.Cpu}, {Environment.ProcessorCount} processors, kernel {Machine.Kernel}");
        for (var round = 1; round <= options.Number("--rounds", 1); round++)
        {
            foreach (var (fleet, recipes) in fleets.Where(entry => options.Chooses("--fleet", entry.Key)))
            {
                foreach (var engine in new[] { "kernel", "user" }.Where(name => options.Chooses("--engine", name)))
                {
                    Console.Error.WriteLine($"bench: round {round}, {recipes.Count} guests {fleet}, {engine} engine");
                    using IMerging merging = engine == "kernel" ? new KernelMerging() : new UserMerging("engines", options.Has("--eager"));
                    var rest = TimeSpan.FromSeconds(options.Number("--rest-seconds", 20));
                    trials.Add(EngineTrial.Run(round, fleet, recipes, merging, rest));
                    trials[^1].Print();
                }
            }
        }

        var comparisons = EngineComparison.Of(trials);
        comparisons.ForEach(comparison => comparison.Print());
        var residentBytes = MemberResidence.Measure();
        Console.WriteLine(FormattableString.Invariant($"the engine in a member of 1 MB: {residentBytes / 1048576.0:F1} MiB resident of its own"));
        options.Save("engines", JsonSerializer.Serialize(
            new { cpu = Machine.Cpu, kernel = Machine.Kernel, processors = Environment.ProcessorCount, comparisons, member_resident_bytes = residentBytes, trials },
            BenchOptions.Json));
        return trials.TrueForAll(trial => trial.GuestsVerified == trial.Guests) ? 0 : 1;
    }
}
