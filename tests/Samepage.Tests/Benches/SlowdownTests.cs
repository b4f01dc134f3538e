extern alias bench;

using bench::Samepage.Bench.Contest;
using bench::Samepage.Bench.Quoting;

namespace Samepage.Tests.Benches;

/// <summary>What the bench slowdown makes of its turns.</summary>
public sealed class SlowdownTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("samepage-slowdown-");

    public void Dispose() => _directory.Delete(recursive: true);

    /// <summary>A machine that gets slower while it is measured slows both fleets, and two fleets are never quite alike.</summary>
    [Fact]
    public void What_the_machine_does_and_how_the_fleets_differ_is_no_slowdown()
    {
        var turn = Turn("user", 1, before: (3.3, 3.0), converging: (6.6 * 1.1, 6.0), after: (2.2, 2.0));
        Assert.Equal(1.1, turn.Slowdown(each => each.Converging), 6);
        Assert.Equal(1.0, turn.Slowdown(each => each.After), 6);
    }

    [Fact]
    public void Turns_come_to_their_geometric_mean_and_its_standard_error()
    {
        // Logarithms -0.1, 0, 0.1: variance 0.01, so the mean's error is 0.1 / sqrt 3.
        var three = SlowdownEstimate.Of([Math.Exp(-0.1), 1, Math.Exp(0.1)]);
        Assert.Equal((1, 0.1 / Math.Sqrt(3), 3), (Math.Round(three.Mean, 9), three.StandardError!.Value, three.Turns), Close);
        Assert.Equal("1.00 ± 0.06", three.ToString());
        Assert.Equal("1.25", SlowdownEstimate.Of([1.25]).ToString());

        // A bound within the error is neither kept nor missed.
        Assert.Equal(((bool?)null, (bool?)true, (bool?)false), (three.IsAtMost(1.03), three.IsAtMost(1.10), three.IsAtMost(0.9)));
        Assert.False(SlowdownEstimate.Of([1.25]).IsAtMost(1.2));
    }

    [Fact]
    public void A_result_is_read_back_as_it_was_written_and_quoted()
    {
        var result = Result(
            Turn("user", 1, (3, 3), (3.6, 3), (3, 3)), Turn("none", 1, (3, 3), (3, 3), (3, 3)), Turn("user", 2, (3, 3), (3.9, 3), (3.06, 3)));
        var file = Path.Combine(_directory.FullName, "slowdown.json");
        File.WriteAllText(file, result.ToJson());
        Assert.Equal(result.ToJson(), SlowdownResult.Read(file).ToJson());
        Assert.Equal(["none", "user"], result.Peers);
        Assert.Contains("| Samepage, user engine | 2 | 9 | 1.0 % | 1.25 ± 0.05 | 1.20, 1.30 | 1.01 ± 0.01 | 1.00, 1.02 |", Quotes.Of("slowdown", file), StringComparison.Ordinal);

        // No word stands there whatever was measured: one goal is missed, one met.
        Assert.Equal(
            "- Samepage, user engine: while merging 1.25 ± 0.05 (goal at most 1.10: missed); after it 1.01 ± 0.01 (goal at most 1.03: met).",
            Quotes.Of("slowdown-goals", file));
        File.WriteAllText(file, """{"schema": "other/1"}""");
        Assert.ThrowsAny<Exception>(() => SlowdownResult.Read(file));
    }

    private static bool Close((double Mean, double Error, int Turns) one, (double Mean, double Error, int Turns) other) =>
        Math.Abs(one.Mean - other.Mean) < 1e-6 && Math.Abs(one.Error - other.Error) < 1e-6 && one.Turns == other.Turns;

    private static SlowdownResult Result(params SlowdownTurn[] turns) => new()
    {
        Cpu = "a processor",
        Processors = 2,
        Kernel = "6.18",
        Began = "2026-01-01 00:00 UTC",
        Plan = new ContestPlan(4, 512, 2, 0, 0, 0, 0, 100, 100, 4096, 1000),
        Rounds = new SlowdownRounds(30, 120, 40),
        Turns = turns,
    };

    private static SlowdownTurn Turn(string peer, int turn, (double Merged, double Plain) before, (double Merged, double Plain) converging, (double Merged, double Plain) after)
    {
        static Latency Times(double p95) => new(1, p95, 9, 20, 0, 400, 4000, 0);
        static SlowdownPhase Phase((double Merged, double Plain) p95) => new(Times(p95.Merged), Times(p95.Plain));
        return new SlowdownTurn
        {
            Peer = peer,
            Turn = turn,
            IsSettled = true,
            SettledSeconds = 9,
            SavedPages = 1000,
            CpuSeconds = 1,
            SteadyCpuShare = 0.01,
            Before = Phase(before),
            Converging = Phase(converging),
            After = Phase(after),
            GuestsVerified = 8,
        };
    }
}
