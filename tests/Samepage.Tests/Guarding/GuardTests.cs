using CsCheck;
using Samepage.Guarding;

namespace Samepage.Tests.Guarding;

public class GuardTests
{
    private const long Gibibyte = 1L << 30;
    private static readonly GuardOptions s_options = new() { MayProvision = true };

    private static GuardSample At(double seconds, double coverage, double pressure = 0, long provided = 0) => new(
        TimeSpan.FromSeconds(seconds),
        [new GuardScope("host", true, 10 * Gibibyte, (long)(coverage * 10 * Gibibyte) - (2 * Gibibyte), 2 * Gibibyte, pressure)],
        provided);

    private static IEnumerable<GuardActionKind> Kinds(GuardVerdict verdict) => verdict.Actions.Select(action => action.Kind);

    [Fact]
    public void Calm_while_everything_is_covered()
    {
        var verdict = new Guard(s_options).Decide(At(0, 2));
        Assert.Empty(verdict.Actions);
        Assert.Equal(GuardLevel.Calm, verdict.States.Single().Level);
        Assert.False(verdict.IsGrowthHeld);
    }

    [Fact]
    public void A_fall_goes_down_every_rung_in_order_and_at_once()
    {
        var verdict = new Guard(s_options).Decide(At(0, 0.5));
        Assert.Equal(
            [GuardActionKind.StopGrowing, GuardActionKind.Warn, GuardActionKind.ProvisionSwap, GuardActionKind.PageOut, GuardActionKind.RefuseAdmission],
            Kinds(verdict));
        Assert.True(verdict is { IsGrowthHeld: true, IsAdmissionRefused: true });
        Assert.StartsWith(
            "coverage fell below 1.20 (exposure 10 GiB, headroom 3.0 GiB of memory + 2.0 GiB of swap, coverage 0.50",
            verdict.Actions[0].Reason, StringComparison.Ordinal);
        Assert.Equal((long)(10 * Gibibyte * 1.35) - (5 * Gibibyte), verdict.Actions[2].Bytes);
    }

    [Fact]
    public void Pressure_alone_warns_and_helps_but_lets_merging_go_on()
    {
        var guard = new Guard(s_options);
        var verdict = guard.Decide(At(0, 3, pressure: 16));
        Assert.Equal([GuardActionKind.Warn, GuardActionKind.ProvisionSwap], Kinds(verdict));
        Assert.False(verdict.IsGrowthHeld);
        Assert.Contains("memory pressure reached 10 %", verdict.Actions[0].Reason, StringComparison.Ordinal);
        Assert.Equal([GuardActionKind.StopGrowing], Kinds(guard.Decide(At(1, 1.15, pressure: 16))));
    }

    [Fact]
    public void Without_exposure_it_is_not_the_guard_s_business() =>
        Assert.Empty(new Guard(s_options).Decide(new GuardSample(default, [new GuardScope("host", true, 0, 0, 0, 90)])).Actions);

    [Fact]
    public void It_relaxes_one_rung_a_minute_and_withdraws_swap_last()
    {
        var guard = new Guard(s_options);
        guard.Decide(At(0, 0.5));
        var relaxed = new List<(int At, GuardActionKind Kind)>();
        for (var second = 1; second < 500; second++)
        {
            relaxed.AddRange(Kinds(guard.Decide(At(second, 3, provided: Gibibyte))).Select(kind => (second, kind)));
        }

        Assert.Equal(
            [(6, GuardActionKind.AllowGrowing), (61, GuardActionKind.AllowAdmission), (121, GuardActionKind.EndPageOut),
                (241, GuardActionKind.ClearWarning), (361, GuardActionKind.WithdrawSwap), (421, GuardActionKind.WithdrawSwap), (481, GuardActionKind.WithdrawSwap)],
            relaxed);
    }

    [Fact]
    public void Without_added_swap_growth_waits_for_its_rung()
    {
        var guard = new Guard(s_options);
        guard.Decide(At(0, 1.15, provided: Gibibyte));
        var resumed = Enumerable.Range(1, 200).First(second => Kinds(guard.Decide(At(second, 3, provided: Gibibyte))).Contains(GuardActionKind.AllowGrowing));
        Assert.Equal(61, resumed);
    }

    [Theory]
    [InlineData(2, 2, false)]
    [InlineData(8, 2, true)]
    [InlineData(2, 0, true)]
    public void Swap_that_a_group_counts_on_is_not_withdrawn(int memoryGibibytes, int swapGibibytes, bool isWithdrawn)
    {
        var guard = new Guard(s_options);
        var group = new GuardScope("/machine/a", false, 3 * Gibibyte, memoryGibibytes * Gibibyte, swapGibibytes * Gibibyte, 0);
        var kinds = new List<GuardActionKind>();
        for (var second = 0; second < 300; second++)
        {
            kinds.AddRange(Kinds(guard.Decide(new GuardSample(TimeSpan.FromSeconds(second), [At(second, 3).Scopes[0], group], Gibibyte))));
        }

        Assert.Equal(isWithdrawn, kinds.Contains(GuardActionKind.WithdrawSwap));
    }

    /// <summary>What a group's own limit forbids helps nobody; the host's swap grows for those whom it does help.</summary>
    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(100, 3)]
    public void Swap_is_added_for_a_group_only_as_far_as_it_may_swap(int allowedGibibytes, int orderedGibibytes)
    {
        var guard = new Guard(s_options);
        long provided = 0;
        for (var second = 0; second < 600; second++)
        {
            var allowed = allowedGibibytes * Gibibyte;
            var group = new GuardScope("/machine/a", false, 3 * Gibibyte, Gibibyte, Math.Min(provided, allowed), 0, allowed);
            var actions = guard.Decide(new GuardSample(TimeSpan.FromSeconds(second), [At(second, 3).Scopes[0], group], provided)).Actions;
            Assert.DoesNotContain(actions, action => action.Kind == GuardActionKind.WithdrawSwap);
            provided += actions.Where(action => action.Kind == GuardActionKind.ProvisionSwap).Sum(action => action.Bytes);
        }

        Assert.InRange(provided, orderedGibibytes * Gibibyte, (orderedGibibytes + (orderedGibibytes > 1 ? 1 : 0)) * Gibibyte);
    }

    [Fact]
    public void Swap_that_keeps_things_calm_is_not_withdrawn()
    {
        var guard = new Guard(s_options);
        for (var second = 0; second < 600; second++)
        {
            Assert.Empty(guard.Decide(At(second, 1.5, provided: 4 * Gibibyte)).Actions);
        }
    }

    [Fact]
    public void What_the_operator_forbids_is_not_ordered()
    {
        var verdict = new Guard(new GuardOptions { MayProvision = false, MayPageOut = false }).Decide(At(0, 0.5));
        Assert.Equal([GuardActionKind.StopGrowing, GuardActionKind.Warn, GuardActionKind.RefuseAdmission], Kinds(verdict));
    }

    [Fact]
    public void A_group_in_need_holds_itself_and_not_the_host()
    {
        var group = new GuardScope("/machine/a", false, Gibibyte, Gibibyte / 2, 0, 0);
        var verdict = new Guard(s_options).Decide(new GuardSample(default, [At(0, 3).Scopes[0], group]));
        Assert.All(verdict.Actions, action => Assert.Equal("/machine/a", action.Scope));
        Assert.NotEmpty(verdict.Actions);
        Assert.False(verdict.IsGrowthHeld);
    }

    [Fact]
    public void Floors_that_would_flap_or_stand_upside_down_are_refused()
    {
        var good = new GuardOptions().Floors;
        Assert.Throws<ArgumentException>(() => new Guard(new GuardOptions { Floors = [.. good.Reverse()] }));
        Assert.Throws<ArgumentException>(() => new Guard(new GuardOptions { Floors = [] }));
        Assert.Throws<ArgumentException>(() => new Guard(new GuardOptions { Floors = [good[0] with { LeaveCoverage = 1.2 }, .. good.Skip(1)] }));
    }

    /// <summary>Coverage and pressure that wander and jump as they like.</summary>
    [Fact]
    public void No_history_breaks_the_rules() =>
        Gen.Int[0, 1_000_000].Sample(seed => Assert.Null(GuardRules.Violation(Wander(seed, new Guard(s_options).Decide), s_options)), iter: 200);

    [Fact]
    public void A_guard_without_memory_is_caught() =>
        Assert.NotNull(GuardRules.Violation(Wander(1, now => Naive(now, "exposure 1", GuardActionKind.StopGrowing, GuardActionKind.AllowGrowing)), s_options));

    [Fact]
    public void A_guard_that_refuses_before_it_warns_is_caught() =>
        Assert.Contains("before", GuardRules.Violation(
            Wander(1, now => now.Scopes[0].Coverage < 1 ? Naive(now, "exposure 1", GuardActionKind.RefuseAdmission, GuardActionKind.AllowAdmission) : Nothing), s_options)!, StringComparison.Ordinal);

    [Fact]
    public void An_order_without_figures_is_caught() =>
        Assert.Contains("without figures", GuardRules.Violation(
            Wander(1, now => Naive(now, "exposure is high", GuardActionKind.StopGrowing, GuardActionKind.StopGrowing)), s_options)!, StringComparison.Ordinal);

    /// <summary>All merged pages of a guest break at once, again and again, while others come and go.</summary>
    [Fact]
    public void A_storm_kills_nobody_where_the_guard_stands()
    {
        var killedWithout = 0;
        Gen.Int[0, 1_000_000].Sample(seed =>
        {
            var history = new List<(TimeSpan, GuardScope, GuardAction)>();
            Assert.Equal(0, Storm(seed, new Guard(s_options), history));
            Assert.Null(GuardRules.Violation(history, s_options));
            Interlocked.Add(ref killedWithout, Storm(seed, null, []) > 0 ? 1 : 0);
        }, iter: 30);

        // The control: the same storms, unguarded.
        Assert.InRange(killedWithout, 30, 60);
    }

    [Fact]
    public void With_too_little_swap_allowed_the_guard_goes_as_far_as_it_may()
    {
        var memory = new SimulatedMemory(1) { SwapCap = 300 };
        var guard = new Guard(s_options);
        var seen = new HashSet<GuardActionKind>();
        for (var step = 0; step < 600; step++)
        {
            memory.Available = step == 100 ? 1_500 : memory.Available;
            var verdict = guard.Decide(memory.Sample());
            seen.UnionWith(Kinds(verdict));
            memory.Apply(verdict.Actions);
            memory.Step();
        }

        Assert.Superset(new HashSet<GuardActionKind> { GuardActionKind.StopGrowing, GuardActionKind.Warn, GuardActionKind.ProvisionSwap, GuardActionKind.RefuseAdmission }, seen);
        Assert.False(memory.IsAdmissionOpen);
        Assert.Equal(0, memory.OomKills);
    }

    [Fact]
    public void After_the_storm_everything_is_put_back()
    {
        var memory = new SimulatedMemory(3);
        var guard = new Guard(s_options);
        GuardVerdict verdict = guard.Decide(memory.Sample());
        for (var step = 0; step < 12_000; step++)
        {
            verdict = guard.Decide(memory.Sample());
            memory.Apply(verdict.Actions);
            if (step is >= 300 and < 400)
            {
                memory.Allocate(28);
            }

            if (step == 500)
            {
                memory.Break(2_000);
            }

            if (step == 2_000)
            {
                memory.Release(12_000);
            }

            memory.Step();
        }

        Assert.Equal((0, GuardLevel.Calm, 0.0), (memory.OomKills, verdict.States[0].Level, memory.SwapTotal));
        Assert.True(memory.IsAdmissionOpen);
    }

    private static GuardVerdict Nothing { get; } = new([], [], false, false);

    private static GuardVerdict Naive(GuardSample now, string reason, GuardActionKind below, GuardActionKind above) => new(
        [], [new GuardAction(now.Scopes[0].Coverage < 1.2 ? below : above, "host", 0, reason)], false, false);

    private static List<(TimeSpan, GuardScope, GuardAction)> Wander(int seed, Func<GuardSample, GuardVerdict> decide)
    {
        var random = new Random(seed);
        var history = new List<(TimeSpan, GuardScope, GuardAction)>();
        var (seconds, coverage, pressure) = (0.0, 1.3, 0.0);
        for (var look = 0; look < 2_000; look++)
        {
            seconds += 0.2 + (random.NextDouble() * (random.Next(50) == 0 ? 200 : 2));
            coverage = Math.Clamp(random.Next(40) == 0 ? random.NextDouble() * 2 : coverage + ((random.NextDouble() - 0.48) * 0.05), 0.25, 3);
            pressure = Math.Clamp(random.Next(60) == 0 ? random.NextDouble() * 60 : pressure * 0.95, 0, 100);
            var sample = At(seconds, coverage, pressure, random.Next(2) * Gibibyte);
            history.AddRange(decide(sample).Actions.Select(action => (sample.At, sample.Scopes[0], action)));
        }

        return history;
    }

    /// <summary>Ten minutes; says how many were killed.</summary>
    private static int Storm(int seed, Guard? guard, List<(TimeSpan, GuardScope, GuardAction)> history)
    {
        var random = new Random(seed);
        var memory = new SimulatedMemory(seed) { Growth = 10 + random.Next(30) };
        for (var step = 0; step < 6_000; step++)
        {
            if (step % 5 == 0 && guard is not null)
            {
                var sample = memory.Sample();
                var verdict = guard.Decide(sample);
                history.AddRange(verdict.Actions.Select(action => (sample.At, sample.Scopes[0], action)));
                memory.Apply(verdict.Actions);
            }

            if (step is >= 300 and < 900 && step % 30 == 0)
            {
                memory.Allocate(random.Next(250));
            }

            if (step > 1_000 && step % 500 == random.Next(500))
            {
                memory.Break(500 + random.Next(1_500));
            }

            if (step == 1_200)
            {
                memory.Break(memory.Saved);
            }

            memory.Step();
        }

        return memory.OomKills;
    }
}
