using Samepage.Governing;

namespace Samepage.Tests.Governing;

public class ScanPlaceTests
{
    private readonly ScanPlace _place = new();

    [Fact]
    public void A_pass_that_ends_before_a_long_pause_leaves_ksmd_at_the_start()
    {
        _place.Observe(Look(0, 3, 900), Look(0.5, 4, 1000));
        Assert.True(_place.IsAtStart(Look(0.5, 4, 1000)));
        Assert.True(_place.IsAtStart(Look(90, 4, 1000)));
        Assert.False(_place.IsAtStart(Look(91, 4, 1064)));
    }

    [Theory]
    [InlineData(20, 0.5, 4)]
    [InlineData(1000, 0.8, 4)]
    [InlineData(1000, 0.5, 5)]
    public void Who_may_have_gone_on_meanwhile_is_not_taken_to_stand_there(long sleepMilliseconds, double seconds, long scans)
    {
        _place.Observe(Look(0, 3, 900), Look(seconds, scans, 1000) with { SleepMilliseconds = sleepMilliseconds });
        Assert.False(_place.IsAtStart(Look(seconds, scans, 1000)));
    }

    [Fact]
    public void Who_knows_of_nothing_stands_there() => Assert.True(_place.IsAtStart(Look(0, 3, 900) with { TrackedPages = 0 }));

    [Fact]
    public void What_is_left_of_a_pass_is_known_once_one_has_begun()
    {
        Assert.Null(_place.PagesLeft(Look(0, 3, 900)));
        _place.Observe(Look(0, 3, 900), Look(0.5, 4, 1000));
        Assert.Equal((2_000, 2_000), _place.PagesLeft(Look(0.5, 4, 1000)));
        Assert.Equal((1_500, 1_500), _place.PagesLeft(Look(0.5, 4, 1500)));
        _place.Observe(Look(5, 4, 2900), Look(5.5, 5, 3100) with { SleepMilliseconds = 20 });
        Assert.Equal((1_400, 1_600), _place.PagesLeft(Look(6, 5, 3500)));
        Assert.Equal((0, 0), _place.PagesLeft(Look(9, 5, 9999)));
        Assert.Null(_place.PagesLeft(Look(0.5, 4, 0) with { PagesScanned = null }));
    }

    private static HostSample Look(double seconds, long scans, long scanned) => new(
        TimeSpan.FromSeconds(seconds), scans, scanned, 0, 2_000, null, 0, 0, 0, 1, 1, 1, 1, SleepMilliseconds: 1000);
}
