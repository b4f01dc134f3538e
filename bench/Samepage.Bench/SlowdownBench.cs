using System.Diagnostics;
using System.Globalization;
using Samepage.Bench.Contest;
using Samepage.Governing;
using Samepage.Linux.Proc;
using Samepage.Linux.Sys;

namespace Samepage.Bench;

/// <summary>
/// What guests' own work feels of merging: a Redis in each is asked a hundred times a second, and so is one in as many
/// guests beside them that nobody merges; see <see cref="TwinFleets"/>. Finer than the phases of bench/peers, between
/// which the machine itself becomes faster or slower by more than merging costs. Needs root, and ksmd to itself.
/// Options: --peers A,B (none,kernel,user; those of bench/peers, also one twice), --repeat N (2), --guests N (4, and as
/// many beside them), --guest-mb N (512), --warm-up N, --before N, --converging N, --after N (stretches, in each of which
/// both are asked for two seconds: 8, 40, 60 at most, 60), --rate N (100), --save.
/// </summary>
internal static class SlowdownBench
{
    public static int Run(string[] args)
    {
        var options = new BenchOptions(args, "--peers A,B --repeat N --guests N --guest-mb N --warm-up N --before N --converging N --after N --rate N --save");
        var plan = new SlowdownPlan(
            options.Number("--guests", 4), options.Number("--guest-mb", 512), options.Number("--rate", 100),
            options.Number("--warm-up", 8), options.Number("--before", 40), options.Number("--converging", 60), options.Number("--after", 60));
        var (repetitions, names) = (options.Number("--repeat", 2), Contender.Chosen(options, "none,kernel,user"));
        if (PidNamespace.HostProc is null)
        {
            return PidNamespace.Run(["slowdown", .. args]);
        }

        var (ksm, clock, turns) = (new KsmSysfs(), Stopwatch.StartNew(), new List<SlowdownTurn>());
        var began = DateTime.UtcNow.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);
        Console.WriteLine($"{Machine.Cpu}, {Environment.ProcessorCount} processors, kernel {Machine.Kernel}");
        using var settings = SavedSettings.Take(ksm, StateDirectory.Default, new ProcFs());
        for (var repetition = 0; repetition < repetitions; repetition++)
        {
            foreach (var name in ContestPlan.Order(names, repetition))
            {
                var number = turns.Count(turn => turn.Peer == name) + 1;
                var turn = Contender.HaveTurn(name, settings, ksm, new SlowdownTrial(plan, name, number).Run);
                turns.Add(turn);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{clock.Elapsed:mm\\:ss} {name,-8} {(turn.IsSettled ? "" : "not done, ")}saved {turn.SavedPages} pages in {turn.SettledSeconds:F0} s, CPU {turn.CpuSeconds:F2} s, then {turn.SteadyCpuShare:P1}; p95 by that of guests beside them {turn.Before.P95}, {turn.Converging.P95}, {turn.After.P95}: slowdown {turn.Slowdown(t => t.Converging)}, {turn.Slowdown(t => t.After)}; their CPU {turn.CpuGrowth(t => t.Converging)}, {turn.CpuGrowth(t => t.After)}"));

                // It takes long: what was measured by now is worth keeping.
                if (options.Has("--save"))
                {
                    File.WriteAllText(BenchOptions.ResultPath("slowdown", "json"), Result(plan, began, turns).ToJson() + "\n");
                }
            }
        }

        Console.WriteLine($"\n{Result(plan, began, turns).Table().ToText()}");
        return turns.TrueForAll(turn => turn.GuestsVerified == 2 * plan.Guests && IsRight(turn)) ? 0 : 1;
    }

    private static bool IsRight(SlowdownTurn turn) =>
        new[] { turn.Before, turn.Converging, turn.After }.All(phase => phase.Merged.Wrong + phase.Plain.Wrong == 0);

    private static SlowdownResult Result(SlowdownPlan plan, string began, IReadOnlyList<SlowdownTurn> turns) => new()
    {
        Cpu = Machine.Cpu,
        Processors = Environment.ProcessorCount,
        Kernel = Machine.Kernel,
        Began = began,
        Plan = plan,
        Turns = turns,
    };
}
