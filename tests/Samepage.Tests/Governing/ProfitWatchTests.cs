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
        var named = Enumerable.Range(0, 30).SelectMany(minute => watch.Observe(TimeSpan.FromMinutes(minute), minute, [Loser()])).ToList();
        Assert.Equal("idle (7) costs 5.0 MiB more metadata than it saves, for 10 min and 10 passes", Assert.Single(named).Reason);
    }

    [Fact]
    public void Neither_time_nor_passes_alone_are_enough()
    {
        var (noPasses, noTime) = (new ProfitWatch(s_patience, 3), new ProfitWatch(s_patience, 3));
        for (var look = 0; look < 30; look++)
        {
            Assert.Empty(noPasses.Observe(TimeSpan.FromMinutes(look), 1, [Loser()]));
            Assert.Empty(noTime.Observe(TimeSpan.FromSeconds(look), look, [Loser()]));
        }
    }

    [Fact]
    public void What_opted_in_by_itself_is_not_ours_to_switch_off()
    {
        var watch = new ProfitWatch(s_patience, 3);
        Assert.Empty(Enumerable.Range(0, 30).SelectMany(minute => watch.Observe(TimeSpan.FromMinutes(minute), minute, [Loser(isOurs: false)])));
    }

    [Fact]
    public void A_moment_of_profit_begins_the_count_anew()
    {
        var watch = new ProfitWatch(s_patience, 3);
        Assert.Empty(Enumerable.Range(0, 50).SelectMany(
            minute => watch.Observe(TimeSpan.FromMinutes(minute), minute, [Loser(profit: minute % 9 == 0 ? 1 : -1)])));
    }
}
