using Samepage.Governing;
using Samepage.Guarding;
using Samepage.Guarding.Swapping;
using Samepage.Policies;
using Samepage.Tests.Governing.Simulated;

namespace Samepage.Tests.Governing;

/// <summary>
/// A day of an overcommitted host in seconds: up to sixty guests that come in the morning and go at night, load and churn
/// that follow the sun, and the governor and guard of the daemon.
/// </summary>
public class DayTests
{
    private const int Night = 20, Noon = 60, TotalMegabytes = 40 * 1024;
    private const long SwapMax = 48L << 30;
    private static readonly TimeSpan s_step = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData(1)]
    [InlineData(77)]
    public void A_day_goes_by_within_the_budget_and_above_the_floors(int seed)
    {
        var day = new Day(seed);
        day.Run(TimeSpan.FromHours(24));
        TestContext.Current.TestOutputHelper?.WriteLine(day.ToString());
        Assert.InRange(day.GovernedBusiestMinute, 0, 15);
        Assert.InRange(day.CpuShare, 0, 0.05);
        Assert.InRange(day.SavedShareOfOracle, 0.9, 1);
        Assert.InRange(day.SecondsBelowOne, 0, 120);
        Assert.InRange(day.Refused, 0, 5);
        Assert.InRange(day.MostSwapBytes, 1L << 30, SwapMax);
        Assert.True(day.MostGuests >= Noon - 5, $"only {day.MostGuests} guests came in");
    }

    [Fact]
    public void The_same_seed_gives_the_same_day()
    {
        static string Story()
        {
            var day = new Day(5);
            day.Run(TimeSpan.FromHours(2));
            return day.ToString();
        }

        Assert.Equal(Story(), Story());
    }

    /// <summary>The control: nobody provides swap, so that noon finds the host uncovered.</summary>
    [Fact]
    public void A_day_without_swap_is_caught()
    {
        var day = new Day(1, mayProvision: false);
        day.Run(TimeSpan.FromHours(14));
        Assert.True(day.SecondsBelowOne > 120 || day.Refused > 5, day.ToString());
    }

    /// <summary>Host, governor and guard; time moves in the governor's own steps.</summary>
    private sealed class Day
    {
        private readonly SimulatedHost _host;
        private readonly Random _random;
        private readonly Guard _guard;
        private readonly GovernedRun _run;
        private readonly List<double> _shares = [];
        private long _swapBytes;
        private bool _isAdmissionRefused;

        public Day(int seed, bool mayProvision = true)
        {
            _host = new SimulatedHost(seed, 1, TotalMegabytes)
            {
                CpuPressure = at => 10 + (45 * Sun(at)),
                OtherMegabytes = at => (long)(2048 + (2048 * Sun(at))),
            };
            _random = new Random(seed);
            var policy = new GuardPolicy { Swap = new SwapPolicy { Provision = mayProvision ? SwapKind.File : SwapKind.None, SizeBytesMax = SwapMax } };
            _guard = new Guard(scope => policy.ToOptions(scope));
            _run = GovernedRun.Of(_host, new GovernorOptions());
            for (var guest = 0; guest < Night; guest++)
            {
                Arrive();
            }
        }

        public double GovernedBusiestMinute => _run.BusiestWindow(60);

        public double CpuShare => _host.Ksmd.CpuSeconds / _host.Now.TotalSeconds;

        /// <summary>Of what perfect merging would have saved, once an hour, the first left out.</summary>
        public double SavedShareOfOracle => _shares.Skip(1).DefaultIfEmpty(1).Average();

        public double SecondsBelowOne { get; private set; }

        public int Refused { get; private set; }

        public int MostGuests { get; private set; }

        public long MostSwapBytes { get; private set; }

        public void Run(TimeSpan time)
        {
            for (var step = 1; step <= time / s_step; step++)
            {
                if (step % 6 == 0)
                {
                    Populate();
                }

                _run.For(s_step);
                Guard();
                MostGuests = Math.Max(MostGuests, _host.Guests.Count);
                if (step % 360 == 0)
                {
                    _shares.Add((double)_host.Ksmd.SavedBlocks / Math.Max(1, OracleBlocks()));
                }
            }
        }

        public override string ToString() => FormattableString.Invariant(
            $"{_host.Now.TotalHours:F0} h: at most {MostGuests} guests, ksmd {_host.Ksmd.CpuSeconds:F0} s ({100 * CpuShare:F2} % of a core, busiest minute {GovernedBusiestMinute:F1} s), {_host.SavedGigabyteSeconds / 3600:F0} GB-hours saved, {100 * SavedShareOfOracle:F1} % of what could be, {_run.Changes.Count / _host.Now.TotalHours:F1} changes of settings an hour, at most {MostSwapBytes >> 30} GiB of swap, {_swapBytes >> 30} GiB at the end, {SecondsBelowOne:F0} s below coverage 1, {Refused} guests refused");

        /// <summary>0 at midnight, 1 at noon.</summary>
        private static double Sun(double seconds) => (1 - Math.Cos(seconds / 86_400 * 2 * Math.PI)) / 2;

        private void Arrive() => _host.Arrive(new GuestKind(
            512 + _random.Next(512), 0.4 + (_random.NextDouble() * 0.3), 0.002, ChurnSeconds: 40_000, Family: _random.Next(3)));

        private void Populate()
        {
            var wanted = (int)(Night + ((Noon - Night) * Sun(_host.Now.TotalSeconds)));
            if (_host.Guests.Count < wanted && _random.Next(3) == 0)
            {
                if (_isAdmissionRefused)
                {
                    Refused++;
                }
                else
                {
                    Arrive();
                }
            }
            else if (_host.Guests.Count > wanted && _random.Next(3) == 0)
            {
                _host.Leave(_host.Guests[_random.Next(_host.Guests.Count)]);
            }
        }

        private void Guard()
        {
            var scope = new GuardScope("host", true, _host.Ksmd.SavedBlocks << 20, _host.AvailableMegabytes << 20, _swapBytes, 0);
            SecondsBelowOne += scope.Coverage < 1 ? s_step.TotalSeconds : 0;
            var verdict = _guard.Decide(new GuardSample(_host.Now, [scope], _swapBytes));
            foreach (var action in verdict.Actions)
            {
                _swapBytes = action.Kind switch
                {
                    GuardActionKind.ProvisionSwap => Math.Min(SwapMax, _swapBytes + action.Bytes),
                    GuardActionKind.WithdrawSwap => Math.Max(0, _swapBytes - action.Bytes),
                    _ => _swapBytes,
                };
            }

            MostSwapBytes = Math.Max(MostSwapBytes, _swapBytes);
            (_run.IsHeld, _isAdmissionRefused) = (verdict.IsGrowthHeld, verdict.IsAdmissionRefused);
        }

        private long OracleBlocks() => _host.Guests.SelectMany(guest => guest.Blocks).Where(block => block.IsCommon)
            .CountBy(block => block.Content).Sum(content => content.Value - 1);
    }
}
