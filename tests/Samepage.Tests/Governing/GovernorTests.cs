using CsCheck;
using Samepage.Governing;
using Samepage.Tests.Governing.Simulated;

namespace Samepage.Tests.Governing;

/// <summary>
/// What the governor promises, on hosts made from seeds. Each promise comes with a governor that breaks it, and is
/// caught: a property that cannot fail proves nothing.
/// </summary>
public class GovernorTests
{
    private const int Runs = 10;
    private static readonly TimeSpan s_hour = TimeSpan.FromHours(1);

    /// <summary>ksmd as many hosts run it: 50,000 pages, 20 ms.</summary>
    private static (ScanOrder, TimeSpan) FullThrottle(HostSample sample) => (new(true, 50_000, 20, true), TimeSpan.FromSeconds(1));

    private static (ScanOrder, TimeSpan) KernelDefaults(HostSample sample) => (new(true, 100, 20, true), TimeSpan.FromSeconds(1));

    /// <summary>Follows the pressure of the moment, without memory.</summary>
    private static (ScanOrder, TimeSpan) Nervous(HostSample sample) =>
        (new(true, sample.CpuPressure > 50 ? 100 : 5_000, 20, false), TimeSpan.FromSeconds(1));

    internal static SimulatedHost HostOf(int seed, int guests, double churnSeconds = 0)
    {
        var random = new Random(seed);
        var host = new SimulatedHost(seed, 0.7 + (random.NextDouble() * 0.6));
        for (var guest = 0; guest < guests; guest++)
        {
            host.Arrive(new GuestKind(512 + random.Next(512), 0.3 + (random.NextDouble() * 0.5), random.NextDouble() * 0.1, churnSeconds));
        }

        return host;
    }

    /// <summary>Pressure that trembles around the value at which work waits, and a host that stays as it is.</summary>
    private static void Tremble(SimulatedHost host, int seed)
    {
        var random = new Random(seed);
        host.CpuPressure = _ => 50 + (random.NextDouble() * 30) - 15;
    }

    internal static int ChangesOfAConstantHost(int seed, double churnSeconds, Func<SimulatedHost, GovernedRun> govern)
    {
        var host = HostOf(seed, 1 + (seed % 12), churnSeconds);
        Tremble(host, seed);
        var run = govern(host);
        run.For(TimeSpan.FromMinutes(15));
        run.For(s_hour);
        return run.ChangesWithin(TimeSpan.FromMinutes(15), host.Now);
    }

    /// <summary>By what ksmd and the daemon may take; the daemon takes a part of that all the time.</summary>
    internal static double BusiestMinute(int seed, double share, Func<SimulatedHost, GovernedRun> govern, double daemonPart = 0)
    {
        var random = new Random(seed);
        var host = HostOf(seed, 1 + random.Next(10), 100 + random.Next(1000));
        host.DaemonShare = daemonPart * share;
        host.CpuPressure = at => 50 + (50 * Math.Sin(at / (20 + (seed % 100))));
        host.OtherMegabytes = at => at % 300 < 60 ? 56 * 1024 : 1024;
        var run = govern(host);
        for (var minute = 0; minute < 15; minute++)
        {
            run.For(TimeSpan.FromSeconds(20 + random.Next(60)));
            if (random.Next(3) == 0 && host.Guests.Count > 1)
            {
                host.Leave(host.Guests[random.Next(host.Guests.Count)]);
            }
            else
            {
                host.Arrive(new GuestKind(256 + random.Next(1500), random.NextDouble()));
            }
        }

        return (run.BusiestWindow(60) / (60 * share)) + daemonPart;
    }

    internal static double MergedAfterTwentySeconds(int seed, Func<SimulatedHost, GovernedRun> govern)
    {
        var random = new Random(seed);
        var host = HostOf(seed, 2 + (seed % 8));
        var run = govern(host);
        run.For(TimeSpan.FromMinutes(10));
        var guest = host.Arrive(new GuestKind(1024, 0.3 + (random.NextDouble() * 0.3), BootSeconds: 2));
        run.For(TimeSpan.FromSeconds(20));
        return host.MergedShareOf(guest);
    }

    internal static double ShareOnceConverged(int seed, Func<SimulatedHost, GovernedRun> govern)
    {
        var host = HostOf(seed, 1 + (seed % 12));
        var run = govern(host);
        run.For(TimeSpan.FromMinutes(10));
        var before = host.Ksmd.CpuSeconds;
        run.For(TimeSpan.FromMinutes(10));
        return (host.Ksmd.CpuSeconds - before) / 600;
    }

    internal static GovernedRun Govern(SimulatedHost host) => GovernedRun.Of(host, new GovernorOptions());

    [Fact]
    public void A_constant_host_sees_few_changes() =>
        Gen.Int[0, 100_000].Sample(seed => Assert.InRange(ChangesOfAConstantHost(seed, 0, Govern), 0, 12), iter: Runs);

    [Fact]
    public void A_nervous_governor_is_caught() =>
        Assert.True(ChangesOfAConstantHost(5, 0, host => new GovernedRun(host, Nervous)) > 12);

    [Fact]
    public void The_budget_holds_in_every_minute() =>
        Gen.Select(Gen.Int[0, 100_000], Gen.Double[0.02, 0.6]).Sample(
            (seed, share) => Assert.InRange(
                BusiestMinute(seed, share, host => GovernedRun.Of(host, new GovernorOptions { BudgetShare = share })), 0, 1),
            iter: Runs);

    [Fact]
    public void The_budget_bears_what_the_daemon_takes() =>
        Gen.Select(Gen.Int[0, 100_000], Gen.Double[0.02, 0.6], Gen.Double[0.1, 0.5]).Sample(
            (seed, share, part) => Assert.InRange(
                BusiestMinute(seed, share, host => GovernedRun.Of(host, new GovernorOptions { BudgetShare = share }), part), 0, 1.01),
            iter: Runs);

    [Fact]
    public void A_budget_that_forgets_the_daemon_is_caught() =>
        Assert.True(BusiestMinute(5, 0.05, host => Forgetful(host, 0.05), daemonPart: 0.5) > 1.1);

    private static GovernedRun Forgetful(SimulatedHost host, double share)
    {
        var governor = new Governor(new GovernorOptions { BudgetShare = share });
        return new GovernedRun(host, sample =>
        {
            var decision = governor.Decide(sample with { DaemonCpuNanoseconds = null });
            return (decision.Order, decision.NextLook);
        });
    }

    [Fact]
    public void A_governor_without_a_budget_is_caught() =>
        Assert.True(BusiestMinute(5, 0.25, host => new GovernedRun(host, FullThrottle)) > 1);

    [Fact]
    public void A_budget_that_only_looks_back_is_caught()
    {
        // Full throttle while the last minute has room, then nothing: an order outlives the look that gave it.
        var budget = new CpuBudget(0.25, TimeSpan.FromSeconds(60));
        HostSample? last = null;
        (ScanOrder, TimeSpan) Decide(HostSample now)
        {
            budget.Spend(last?.At ?? now.At, now.At, (now.KsmdCpuNanoseconds - (last?.KsmdCpuNanoseconds ?? 0))!.Value / 1e9);
            last = now;
            return (new(budget.Left(now.At) > 0, 50_000, 20, false), TimeSpan.FromSeconds(2));
        }

        Assert.True(BusiestMinute(5, 0.25, host => new GovernedRun(host, Decide)) > 1);
    }

    [Fact]
    public void A_new_guest_is_merged_within_twenty_seconds() =>
        Gen.Int[0, 100_000].Sample(seed => Assert.InRange(MergedAfterTwentySeconds(seed, Govern), 0.9, 1), iter: Runs);

    /// <summary>What a guest that boots for eight seconds costs until it is merged.</summary>
    private static double CpuSecondsOfASlowBoot(int seed, TimeSpan settleMax)
    {
        var host = HostOf(seed, 8);
        var run = GovernedRun.Of(host, new GovernorOptions { SettleMax = settleMax });
        run.For(TimeSpan.FromMinutes(5));
        var before = host.Ksmd.CpuSeconds;
        var guest = host.Arrive(new GuestKind(1024, 0.4, BootSeconds: 8));
        run.For(TimeSpan.FromSeconds(28));
        Assert.InRange(host.MergedShareOf(guest), 0.9, 1);
        run.For(TimeSpan.FromSeconds(30));
        return host.Ksmd.CpuSeconds - before;
    }

    [Fact]
    public void A_guest_that_boots_is_waited_for() =>
        Gen.Int[0, 100_000].Sample(
            seed => Assert.InRange(CpuSecondsOfASlowBoot(seed, TimeSpan.FromSeconds(10)) / CpuSecondsOfASlowBoot(seed, TimeSpan.Zero), 0, 0.9),
            iter: Runs);

    /// <summary>Who waits for the end of merging must not take it for reached meanwhile.</summary>
    [Fact]
    public void While_a_guest_boots_it_is_not_converged()
    {
        var host = HostOf(7, 8);
        var run = GovernedRun.Of(host, new GovernorOptions { SettleMax = TimeSpan.FromSeconds(10) });
        run.For(TimeSpan.FromMinutes(5));
        Assert.Equal(GovernorMode.Converged, run.Decisions[^1].Mode);
        host.Arrive(new GuestKind(1024, 0.4, BootSeconds: 8));
        run.For(TimeSpan.FromSeconds(5));
        Assert.Equal((GovernorMode.Waiting, "new memory still grows: waits until it has settled"), (run.Decisions[^1].Mode, run.Decisions[^1].Reason));
        run.For(TimeSpan.FromMinutes(2));
        Assert.Equal(GovernorMode.Converged, run.Decisions[^1].Mode);
    }

    [Fact]
    public void Memory_that_never_stops_growing_is_not_waited_for_for_ever()
    {
        var settling = new Settling(TimeSpan.FromSeconds(10));
        var begun = Enumerable.Range(0, 30).First(second => settling.IsSettled(TimeSpan.FromSeconds(second), (second + 1) * 100L << 20));
        Assert.InRange(begun, 10, 11);
    }

    /// <summary>The first of a kind finds nobody; the second finds the first, which smart scan would pass over by then.</summary>
    private static double MergedOfTheSecondOfAKind(int seed, Func<SimulatedHost, GovernedRun> govern)
    {
        var host = HostOf(seed, 3 + (seed % 8));
        var run = govern(host);
        run.For(TimeSpan.FromMinutes(5));
        host.Arrive(new GuestKind(Family: 1));
        run.For(TimeSpan.FromMinutes(1 + (seed % 10)));
        var second = host.Arrive(new GuestKind(Family: 1));
        run.For(TimeSpan.FromSeconds(40));
        return host.MergedShareOf(second);
    }

    [Fact]
    public void The_second_of_a_kind_is_merged_with_the_first() =>
        Gen.Int[0, 100_000].Sample(seed => Assert.InRange(MergedOfTheSecondOfAKind(seed, Govern), 0.9, 1), iter: Runs);

    [Fact]
    public void Smart_scan_alone_is_caught() =>
        Assert.True(MergedOfTheSecondOfAKind(9, host => new GovernedRun(host, sample => (new(true, 800, 20, true), TimeSpan.FromSeconds(1)))) < 0.9);

    [Fact]
    public void The_defaults_of_the_kernel_are_caught() =>
        Assert.True(MergedAfterTwentySeconds(5, host => new GovernedRun(host, KernelDefaults)) < 0.9);

    [Fact]
    public void A_converged_host_costs_next_to_nothing() =>
        Gen.Int[0, 100_000].Sample(seed => Assert.InRange(ShareOnceConverged(seed, Govern), 0, 0.01), iter: Runs);

    [Fact]
    public void Scanning_on_at_full_throttle_is_caught() =>
        Assert.True(ShareOnceConverged(5, host => new GovernedRun(host, FullThrottle)) > 0.01);

    [Fact]
    public void Work_goes_on_when_the_pressure_is_over()
    {
        Gen.Int[0, 100_000].Sample(seed =>
        {
            var (waited, after) = AcrossPressure(seed, Govern);
            Assert.InRange(waited, 0, 0.01);
            Assert.InRange(after, 0.9, 1);
        }, iter: Runs);
    }

    [Fact]
    public void One_that_ignores_the_pressure_and_one_that_never_recovers_are_caught()
    {
        Assert.True(AcrossPressure(5, host => new GovernedRun(host, FullThrottle)).Waited > 0.01);
        Assert.True(AcrossPressure(5, host => new GovernedRun(host, sample => (new(sample.CpuPressure < 50 && sample.At < TimeSpan.FromMinutes(5), 50_000, 20, false), TimeSpan.FromSeconds(1)))).After < 0.9);
    }

    /// <summary>A guest comes while others need the CPU for fifty seconds: ksmd's share in that time, and what is merged half a minute later.</summary>
    private static (double Waited, double After) AcrossPressure(int seed, Func<SimulatedHost, GovernedRun> govern)
    {
        var host = HostOf(seed, 2 + (seed % 6));
        host.CpuPressure = at => at is >= 600 and < 650 ? 85 : 5;
        var run = govern(host);
        run.For(TimeSpan.FromSeconds(603));
        var before = host.Ksmd.CpuSeconds;
        var guest = host.Arrive(new GuestKind());
        run.For(TimeSpan.FromSeconds(47));
        var waited = (host.Ksmd.CpuSeconds - before) / 47;
        run.For(TimeSpan.FromSeconds(40));
        return (waited, host.MergedShareOf(guest));
    }

    /// <summary>Passes that a guest takes which comes to a converged host, and how much of it is merged then.</summary>
    private static (long Passes, double Merged) PassesOfANewcomer(int seed, Func<SimulatedHost, GovernedRun> govern)
    {
        var host = HostOf(seed, 2 + (seed % 8));
        var run = govern(host);
        run.For(TimeSpan.FromMinutes(3));
        for (var second = 0; second < 600 && run.Decisions is [.., { Order.IsRunning: true }]; second++)
        {
            run.For(TimeSpan.FromSeconds(1));
        }

        var before = host.Ksmd.FullScans;
        var guest = host.Arrive(new GuestKind());
        run.For(TimeSpan.FromSeconds(50));

        // A patrol that was due just then is a pass of its own.
        var patrols = run.Decisions.Any(decision => decision is { Mode: GovernorMode.Converged or GovernorMode.Waiting, Order.IsRunning: true } && decision.At > host.Now - TimeSpan.FromSeconds(50)) ? 1 : 0;
        return (host.Ksmd.FullScans - before - patrols, host.MergedShareOf(guest));
    }

    [Fact]
    public void A_newcomer_to_a_converged_host_takes_two_passes() => Gen.Int[0, 100_000].Sample(seed =>
    {
        var (passes, merged) = PassesOfANewcomer(seed, Govern);
        Assert.Equal(2, passes);
        Assert.InRange(merged, 0.98, 1);
    }, iter: Runs);

    [Fact]
    public void A_newcomer_that_comes_while_ksmd_stands_in_the_middle_of_a_pass_takes_three()
    {
        // A kernel that does not count pages does not tell where ksmd stands.
        var governor = new Governor(new GovernorOptions());
        GovernedRun Blind(SimulatedHost host) => new(host, sample =>
        {
            var decision = governor.Decide(sample with { PagesScanned = null });
            return (decision.Order, decision.NextLook);
        });
        Assert.InRange(PassesOfANewcomer(5, Blind).Passes, 3, 5);
    }

    [Fact]
    public void Patrols_find_what_nobody_announced_and_become_rare_where_there_is_nothing()
    {
        var host = new SimulatedHost(5);
        for (var guest = 0; guest < 6; guest++)
        {
            host.Arrive(new GuestKind(512, BusyShare: 0));
        }

        var run = Govern(host);
        run.For(TimeSpan.FromMinutes(2));
        var (saved, scans) = (host.Ksmd.SavedBlocks, host.Ksmd.FullScans);
        foreach (var guest in host.Guests)
        {
            // What was private is read anew, as the same in all: less than starts work, and no growth of anybody.
            foreach (var (block, at) in guest.Blocks.Where(block => !block.IsCommon).Take(4).Select((block, at) => (block, at)))
            {
                host.Ksmd.Write(block, 900_000 + at);
            }
        }

        run.For(TimeSpan.FromMinutes(20));
        Assert.Equal(saved + (4 * 5), host.Ksmd.SavedBlocks);
        var early = host.Ksmd.FullScans - scans;
        Assert.InRange(early, 2, 12);
        run.For(TimeSpan.FromMinutes(40));
        Assert.InRange(host.Ksmd.FullScans - scans - early, 1, 3);
    }

    /// <summary>Pages merged a second, in the busiest five of them, while two guests arrive at programs that are at work, and what is merged after five minutes.</summary>
    private static (double PagesASecond, double After) BesideWork(int seed, Func<SimulatedHost, GovernedRun> govern)
    {
        var host = HostOf(seed, 2 + (seed % 6));
        host.OthersBusy = at => at >= 600 ? 0.22 : 0.1;
        var run = govern(host);
        run.For(TimeSpan.FromSeconds(630));
        var guests = new[] { host.Arrive(new GuestKind()), host.Arrive(new GuestKind()) };
        var most = 0.0;
        for (var second = 0; second < 300; second += 5)
        {
            var before = host.Ksmd.SavedBlocks;
            run.For(TimeSpan.FromSeconds(5));
            most = Math.Max(most, (host.Ksmd.SavedBlocks - before) * SimulatedBlock.Pages / 5.0);
        }

        return (most, guests.Min(host.MergedShareOf));
    }

    [Fact]
    public void Who_is_at_work_is_merged_gently_and_in_the_end() => Gen.Int[0, 100_000].Sample(seed =>
    {
        var (pagesASecond, after) = BesideWork(seed, Govern);
        Assert.InRange(pagesASecond, 0, 20_000);
        Assert.InRange(after, 0.9, 1);
    }, iter: Runs);

    [Fact]
    public void A_burst_beside_work_and_one_that_stays_away_from_it_are_caught()
    {
        Assert.True(BesideWork(5, host => GovernedRun.Of(host, new GovernorOptions { GentleShare = 0.5 })).PagesASecond > 20_000);
        Assert.True(BesideWork(5, host => new GovernedRun(host, sample => (new(sample.At < TimeSpan.FromSeconds(600), 50_000, 20, false), TimeSpan.FromSeconds(1)))).After < 0.9);
    }

    [Fact]
    public void A_shortage_of_memory_is_no_time_to_be_gentle()
    {
        var host = new SimulatedHost(3, totalMegabytes: 8 * 1024) { OthersBusy = _ => 0.9, OtherMegabytes = _ => 3600 };
        var run = Govern(host);
        var guests = Enumerable.Range(0, 4).Select(_ => host.Arrive(new GuestKind())).ToList();
        run.For(TimeSpan.FromSeconds(45));
        Assert.All(guests, guest => Assert.InRange(host.MergedShareOf(guest), 0.9, 1));
    }

    [Fact]
    public void Work_that_trembles_around_busy_does_not_make_the_pace_flap()
    {
        var host = HostOf(7, 6, churnSeconds: 1000);
        var random = new Random(7);
        host.OthersBusy = _ => 0.025 + (0.3 * random.NextDouble());
        var run = Govern(host);
        run.For(s_hour);
        Assert.InRange(run.ChangesWithin(TimeSpan.Zero, host.Now), 0, 30 * 8);
    }

    [Fact]
    public void After_a_burst_the_pace_goes_back_and_stays() => Gen.Int[0, 100_000].Sample(seed =>
    {
        var host = HostOf(seed, 2 + (seed % 8));
        var run = Govern(host);
        run.For(TimeSpan.FromMinutes(10));
        host.Arrive(new GuestKind());
        run.For(TimeSpan.FromMinutes(2));
        Assert.Equal(GovernorMode.Converged, run.Decisions[^1].Mode);

        // One patrol may begin, find its pace and end.
        Assert.InRange(run.ChangesWithin(host.Now - TimeSpan.FromMinutes(1), host.Now), 0, 3);
        Assert.InRange(run.Decisions[^1].WantedShare, 0, 0.08);
    }, iter: Runs);

    [Fact]
    public void Churn_repeats_work_without_flapping() =>
        Gen.Int[0, 100_000].Sample(seed =>
        {
            // Every two minutes at most, and at most a handful of paces each time.
            Assert.InRange(ChangesOfAConstantHost(seed, 1000, Govern), 0, 30 * 8);
        }, iter: Runs);

    [Fact]
    public void The_guard_has_the_last_word()
    {
        var host = HostOf(7, 4);
        var run = Govern(host);
        run.For(TimeSpan.FromSeconds(10));
        run.IsHeld = true;
        run.For(TimeSpan.FromSeconds(10));
        var held = host.Ksmd.SavedBlocks;
        run.For(TimeSpan.FromMinutes(2));
        Assert.Equal(held, host.Ksmd.SavedBlocks);
        Assert.Equal(GovernorMode.Held, run.Decisions[^1].Mode);
        run.IsHeld = false;
        run.For(TimeSpan.FromMinutes(2));
        Assert.True(host.Ksmd.SavedBlocks > held);
    }

    [Fact]
    public void A_shortage_of_memory_is_not_made_to_wait()
    {
        var host = new SimulatedHost(3, totalMegabytes: 8 * 1024) { CpuPressure = _ => 90, OtherMegabytes = _ => 3600 };
        var run = Govern(host);
        var guests = Enumerable.Range(0, 4).Select(_ => host.Arrive(new GuestKind())).ToList();
        run.For(TimeSpan.FromSeconds(45));
        Assert.Contains(run.Decisions, decision => decision.Mode == GovernorMode.Hurrying && decision.Reason.Contains("memory is short", StringComparison.Ordinal));
        Assert.All(guests, guest => Assert.InRange(host.MergedShareOf(guest), 0.9, 1));
    }

    [Fact]
    public void An_estimate_s_promise_is_believed_once()
    {
        var host = HostOf(11, 6);
        var run = Govern(host);
        run.For(TimeSpan.FromMinutes(10));
        run.Promise = 2L << 30;
        var before = run.Decisions.Count;
        run.For(TimeSpan.FromMinutes(30));
        var works = run.Decisions.Skip(before).Where(decision => decision.Mode == GovernorMode.Working).ToList();
        Assert.NotEmpty(works);
        Assert.Contains("promises 2.0 GiB more", works[0].Reason, StringComparison.Ordinal);
        Assert.InRange(works[^1].At - works[0].At, TimeSpan.Zero, TimeSpan.FromMinutes(1));
    }

    [Fact]
    public void A_promise_that_does_not_pay_is_not_followed()
    {
        var host = HostOf(11, 24);
        var run = Govern(host);
        run.For(TimeSpan.FromMinutes(10));
        run.Promise = 40L << 20;
        var before = run.Decisions.Count;
        run.For(TimeSpan.FromMinutes(10));
        Assert.All(run.Decisions.Skip(before), decision => Assert.Equal(GovernorMode.Converged, decision.Mode));
    }

    [Fact]
    public void The_same_seed_gives_the_same_decisions()
    {
        static string Story()
        {
            var host = HostOf(42, 5, 600);
            Tremble(host, 42);
            var run = Govern(host);
            run.For(TimeSpan.FromMinutes(20));
            return string.Join('\n', run.Decisions.Select(decision => decision.ToString()));
        }

        Assert.Equal(Story(), Story());
    }

    [Fact]
    public void Every_decision_says_why_with_figures()
    {
        var host = HostOf(9, 5, 600);
        var run = Govern(host);
        run.For(TimeSpan.FromMinutes(20));
        Assert.All(run.Decisions.Where(decision => decision.IsChanged), decision => Assert.Matches("[0-9]", decision.Reason));
        Assert.Contains(run.Decisions, decision => decision.Reason.StartsWith("5 new processes with 3.", StringComparison.Ordinal)
            && decision.Reason.EndsWith("eligible: burst at 50 % of a core", StringComparison.Ordinal));
    }

    [Fact]
    public void A_ksmd_that_cannot_be_seen_is_taken_to_be_dear()
    {
        var host = HostOf(9, 5);
        var governor = new Governor(new GovernorOptions());
        var run = new GovernedRun(host, sample =>
        {
            var decision = governor.Decide(sample with { KsmdCpuNanoseconds = null });
            return (decision.Order, decision.NextLook);
        });
        run.For(TimeSpan.FromMinutes(10));
        Assert.InRange(run.BusiestWindow(60), 0, 15);
        Assert.True(host.Ksmd.SavedBlocks > 500);
    }

    [Fact]
    public void Shares_without_meaning_are_refused()
    {
        foreach (var options in new GovernorOptions[] { new() { BudgetShare = 0 }, new() { BudgetShare = 1.5 }, new() { BurstShare = 1 }, new() { GentleShare = 0 }, new() { TrickleShare = 0.6 }, new() { BudgetWindow = default }, new() { WorthBytesPerCpuSecond = 0 } })
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => new Governor(options));
        }
    }
}
