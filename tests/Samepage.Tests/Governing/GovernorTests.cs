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
    private const int Runs = 20;
    private static readonly TimeSpan s_hour = TimeSpan.FromHours(1);

    /// <summary>ksmd as many hosts run it: 50,000 pages, 20 ms.</summary>
    private static (ScanOrder, TimeSpan) FullThrottle(HostSample sample) => (new(true, 50_000, 20, true), TimeSpan.FromSeconds(1));

    private static (ScanOrder, TimeSpan) KernelDefaults(HostSample sample) => (new(true, 100, 20, true), TimeSpan.FromSeconds(1));

    /// <summary>Follows the pressure of the moment, without memory.</summary>
    private static (ScanOrder, TimeSpan) Nervous(HostSample sample) =>
        (new(true, sample.CpuPressure > 50 ? 100 : 5_000, 20, false), TimeSpan.FromSeconds(1));

    private static SimulatedHost HostOf(int seed, int guests, double churnSeconds = 0)
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

    private static int ChangesOfAConstantHost(int seed, Func<SimulatedHost, GovernedRun> govern)
    {
        var host = HostOf(seed, 1 + (seed % 12), seed % 3 == 0 ? 0 : 300 + (seed % 3000));
        Tremble(host, seed);
        var run = govern(host);
        run.For(TimeSpan.FromMinutes(15));
        run.For(s_hour);
        return run.ChangesWithin(TimeSpan.FromMinutes(15), host.Now);
    }

    private static double BusiestMinute(int seed, double share, Func<SimulatedHost, GovernedRun> govern)
    {
        var random = new Random(seed);
        var host = HostOf(seed, 1 + random.Next(10), 100 + random.Next(1000));
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

        return run.BusiestWindow(60) / (60 * share);
    }

    private static double MergedAfterTwentySeconds(int seed, Func<SimulatedHost, GovernedRun> govern)
    {
        var random = new Random(seed);
        var host = HostOf(seed, 2 + (seed % 8));
        var run = govern(host);
        run.For(TimeSpan.FromMinutes(10));
        var guest = host.Arrive(new GuestKind(1024, 0.3 + (random.NextDouble() * 0.3), BootSeconds: 2));
        run.For(TimeSpan.FromSeconds(20));
        return guest.MergedShare;
    }

    private static double ShareOnceConverged(int seed, Func<SimulatedHost, GovernedRun> govern)
    {
        var host = HostOf(seed, 1 + (seed % 12));
        var run = govern(host);
        run.For(TimeSpan.FromMinutes(10));
        var before = host.Ksmd.CpuSeconds;
        run.For(TimeSpan.FromMinutes(10));
        return (host.Ksmd.CpuSeconds - before) / 600;
    }

    private static GovernedRun Govern(SimulatedHost host) => GovernedRun.Of(host, new GovernorOptions());

    [Fact]
    public void A_constant_host_sees_few_changes() =>
        Gen.Int[0, 100_000].Sample(seed => Assert.InRange(ChangesOfAConstantHost(seed, Govern), 0, 60), iter: Runs);

    [Fact]
    public void A_nervous_governor_is_caught() =>
        Assert.True(ChangesOfAConstantHost(5, host => new GovernedRun(host, Nervous)) > 60);

    [Fact]
    public void The_budget_holds_in_every_minute() =>
        Gen.Select(Gen.Int[0, 100_000], Gen.Double[0.02, 0.6]).Sample(
            (seed, share) => Assert.InRange(
                BusiestMinute(seed, share, host => GovernedRun.Of(host, new GovernorOptions { BudgetShare = share })), 0, 1),
            iter: Runs);

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

    [Fact]
    public void The_defaults_of_the_kernel_are_caught() =>
        Assert.True(MergedAfterTwentySeconds(5, host => new GovernedRun(host, KernelDefaults)) < 0.9);

    [Fact]
    public void A_converged_host_costs_next_to_nothing() =>
        Gen.Int[0, 100_000].Sample(seed => Assert.InRange(ShareOnceConverged(seed, Govern), 0, 0.01), iter: Runs);

    [Fact]
    public void Scanning_on_at_full_throttle_is_caught() =>
        Assert.True(ShareOnceConverged(5, host => new GovernedRun(host, FullThrottle)) > 0.01);
}
