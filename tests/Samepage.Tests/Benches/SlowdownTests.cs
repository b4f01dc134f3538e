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
        var turn = Turn("user", 1, before: Phase((3.3, 3.0), (5.5, 5.0)), converging: Phase((6.6 * 1.1, 6.0), (3.3 * 1.1, 3)), after: Phase((2.2, 2.0), (9.9, 9)));
        Assert.Equal(1.1, turn.Slowdown(each => each.Converging).Mean, 6);
        Assert.Equal(1.0, turn.Slowdown(each => each.After).Mean, 6);
        Assert.Equal(0, turn.Slowdown(each => each.After).Error, 6);
    }

    /// <summary>One slow moment of the machine, which one fleet happened to meet, is one stretch of many; in the whole phase it is the slowest twentieth.</summary>
    [Fact]
    public void A_slow_moment_weighs_no_more_than_it_lasted()
    {
        var calm = Enumerable.Repeat((3.0, 3.0), 9);
        var turn = Turn("user", 1, before: Phase([.. calm]), converging: Phase([.. calm]), after: Phase([.. calm, (30.0, 3.0)]));
        Assert.Equal(Math.Pow(10, 0.1), turn.Slowdown(each => each.After).Mean, 6);
        Assert.InRange(turn.Slowdown(each => each.After).Error, 0.2, 0.3);
    }

    [Fact]
    public void Ratios_come_to_their_geometric_mean_and_its_standard_error()
    {
        // Logarithms -0.1, 0, 0.1: variance 0.01, so the mean's error is 0.1 / sqrt 3.
        var three = RatioEstimate.Of([Math.Exp(-0.1), 1, Math.Exp(0.1)]);
        Assert.Equal((1, 0.1 / Math.Sqrt(3)), (three.Mean, three.Error), Close);
        Assert.Equal("1.00 ± 0.06", three.ToString());
        Assert.Equal("1.25", RatioEstimate.Of([1.25]).ToString());

        // A bound within the error is neither kept nor missed.
        Assert.Equal(((bool?)null, (bool?)true, (bool?)false), (three.IsAtMost(1.03), three.IsAtMost(1.10), three.IsAtMost(0.9)));
        Assert.False(RatioEstimate.Of([1.25]).IsAtMost(1.2));

        // Errors of what has nothing to do with each other: 3 and 4 make 5.
        Assert.Equal((2, 0.05), (One(4, 0.03) / One(2, 0.04) is var ratio ? ratio.Mean : 0, ratio.Error), Close);
    }

    [Fact]
    public void Turns_that_differ_by_more_than_their_errors_raise_the_error_of_their_mean()
    {
        var alike = RatioEstimate.Of([One(1.02, 0.02), One(1.04, 0.02)]);
        Assert.Equal((Math.Sqrt(1.02 * 1.04), 0.02 / Math.Sqrt(2)), (alike.Mean, alike.Error), Close);

        // Logarithms -0.1 and 0.1 with errors of 0.02: chi square 50 for one degree of freedom.
        var apart = RatioEstimate.Of([One(Math.Exp(-0.1), 0.02), One(Math.Exp(0.1), 0.02)]);
        Assert.Equal((1, 0.02 / Math.Sqrt(2) * Math.Sqrt(50)), (apart.Mean, apart.Error), Close);
        Assert.Equal(One(1.5, 0.1), RatioEstimate.Of([One(1.5, 0.1)]));
    }

    [Fact]
    public void A_result_is_read_back_as_it_was_written_and_quoted()
    {
        var (same, slower) = (Phase((3, 3), (3.03, 3)), Phase((3.6, 3), (3.636, 3)));
        var result = Result(Turn("user", 1, same, slower, same), Turn("none", 1, same, same, same), Turn("user", 2, same, slower, same));
        var file = Path.Combine(_directory.FullName, "slowdown.json");
        File.WriteAllText(file, result.ToJson());
        Assert.Equal(result.ToJson(), SlowdownResult.Read(file).ToJson());
        Assert.Equal(["none", "user"], result.Peers);
        Assert.Contains(
            "| Samepage, user engine | 2 | 9 | 1.0 % | 1.20 ± 0.01 | 1.20, 1.20 | 1.20 | 1.00 ± 0.00 | 1.00 ± 0.00 | 1.00, 1.00 | 1.00 | 1.00 ± 0.00 |",
            Quotes.Of("slowdown", file), StringComparison.Ordinal);

        // No word stands there whatever was measured: one goal is missed, one met.
        Assert.Equal(
            "- Samepage, user engine: while merging 1.20 ± 0.01 (goal at most 1.10: missed); after it 1.00 ± 0.00 (goal at most 1.03: met).",
            Quotes.Of("slowdown-goals", file));
        File.WriteAllText(file, """{"schema": "other/1"}""");
        Assert.ThrowsAny<Exception>(() => SlowdownResult.Read(file));
    }

    private static bool Close((double Mean, double Error) one, (double Mean, double Error) other) =>
        Math.Abs(one.Mean - other.Mean) < 1e-6 && Math.Abs(one.Error - other.Error) < 1e-6;

    private static RatioEstimate One(double ratio, double error) => new(Math.Log(ratio), error);

    private static SlowdownResult Result(params SlowdownTurn[] turns) => new()
    {
        Cpu = "a processor",
        Processors = 2,
        Kernel = "6.18",
        Began = "2026-01-01 00:00 UTC",
        Plan = new SlowdownPlan(4, 512, 100, 8, 40, 60, 60),
        Turns = turns,
    };

    private static SlowdownPhase Phase(params (double Merged, double Plain)[] p95)
    {
        static Latency Times(double p95) => new(1, p95, 9, 20, 0, 400, 4000, 0);
        return new SlowdownPhase(
            Times(p95[0].Merged), Times(p95[0].Plain), [.. p95.Select((each, at) => new SlowdownStretch(each.Merged, each.Plain, at % 2 == 0 ? 0.5 : 0.502, 0.5))]);
    }

    private static SlowdownTurn Turn(string peer, int turn, SlowdownPhase before, SlowdownPhase converging, SlowdownPhase after) => new()
    {
        Peer = peer,
        Turn = turn,
        IsSettled = true,
        SettledSeconds = 9,
        SavedPages = 1000,
        CpuSeconds = 1,
        SteadyCpuShare = 0.01,
        Before = before,
        Converging = converging,
        After = after,
        GuestsVerified = 8,
    };
}
