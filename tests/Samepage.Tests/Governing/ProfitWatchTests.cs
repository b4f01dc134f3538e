using Samepage.Governing;

namespace Samepage.Tests.Governing;

public class ProfitWatchTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(10);

    private static ProcessProfit Loser(bool isOurs = true, long profit = -5 << 20) => new(7, 1, "idle", profit, isOurs);

    [Fact]
    public void A_lasting_loss_is_named_once_with_its_figures()
    {
        var watch = new ProfitWatch(s_patience, 3);
        var named = Enumerable.Range(0, 30).SelectMany(minute => watch.Observe(TimeSpan.FromMinutes(minute), minute, false, [Loser()])).ToList();
        Assert.Equal("idle (7) costs 5.0 MiB more metadata than it saves, for 10 min, 10 passes after it was first seen", Assert.Single(named).Reason);
    }

    [Fact]
    public void Neither_time_nor_passes_alone_are_enough()
    {
        var (noPasses, noTime) = (new ProfitWatch(s_patience, 3), new ProfitWatch(s_patience, 3));
        for (var look = 0; look < 30; look++)
        {
            Assert.Empty(noPasses.Observe(TimeSpan.FromMinutes(look), 1, false, [Loser()]));
            Assert.Empty(noTime.Observe(TimeSpan.FromSeconds(look), look, false, [Loser()]));
        }
    }

    /// <summary>Merging at a loss as a whole rests: no passes will come that could be waited for.</summary>
    [Fact]
    public void At_rest_the_passes_of_the_work_are_enough()
    {
        var (worked, restedFromTheStart) = (new ProfitWatch(s_patience), new ProfitWatch(s_patience));
        var named = new List<SwitchOff>();
        for (var minute = 0; minute < 30; minute++)
        {
            var passes = Math.Min(minute, RoundGoal.WholePassesNeeded);
            named.AddRange(worked.Observe(TimeSpan.FromMinutes(minute), passes, minute > 3, [Loser(profit: minute == 0 ? 0 : -1 << 20)]));
            Assert.Empty(restedFromTheStart.Observe(TimeSpan.FromMinutes(minute), 1, true, [Loser()]));
        }

        Assert.Contains("for 10 min, 2 passes after it was first seen", Assert.Single(named).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_refusal_is_not_the_end_of_it()
    {
        var watch = new ProfitWatch(s_patience, 3);
        var named = 0;
        for (var minute = 0; minute <= 21; minute++)
        {
            foreach (var off in watch.Observe(TimeSpan.FromMinutes(minute), minute, false, [Loser()]))
            {
                named++;
                watch.Refused(off.Process.Pid, off.Process.StartTicks);
            }
        }

        Assert.Equal(2, named);
    }

    [Fact]
    public void What_opted_in_by_itself_is_not_ours_to_switch_off()
    {
        var watch = new ProfitWatch(s_patience, 3);
        Assert.Empty(Enumerable.Range(0, 30).SelectMany(minute => watch.Observe(TimeSpan.FromMinutes(minute), minute, false, [Loser(isOurs: false)])));
    }

    [Fact]
    public void A_moment_of_profit_begins_the_count_anew()
    {
        var watch = new ProfitWatch(s_patience, 3);
        Assert.Empty(Enumerable.Range(0, 50).SelectMany(
            minute => watch.Observe(TimeSpan.FromMinutes(minute), minute, false, [Loser(profit: minute % 9 == 0 ? 1 : -1)])));
    }
}
