using Samepage.Governing;

namespace Samepage.Tests.Governing;

public class ThresholdTests
{
    private static readonly TimeSpan s_dwell = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData(true, "40 60 50 41 40 40", "-++++-")]
    [InlineData(false, "70 40 50 59 60 60", "-++++-")]
    public void It_goes_on_at_one_value_and_off_at_another(bool isHigh, string values, string expected)
    {
        var threshold = isHigh ? new Threshold(60, 40, true, s_dwell) : new Threshold(40, 60, false, s_dwell);
        var seen = values.Split(' ').Select((value, look) => threshold.Observe(double.Parse(value, null), TimeSpan.FromSeconds(3 * look)) ? '+' : '-');
        Assert.Equal(expected, string.Concat(seen));
    }

    [Fact]
    public void It_stays_for_a_while_wherever_it_went()
    {
        var threshold = new Threshold(60, 40, true, s_dwell);
        Assert.True(threshold.Observe(80, TimeSpan.Zero));
        Assert.True(threshold.Observe(0, TimeSpan.FromSeconds(9)));
        Assert.False(threshold.Observe(0, TimeSpan.FromSeconds(10)));
        Assert.False(threshold.Observe(80, TimeSpan.FromSeconds(19)));
    }

    [Fact]
    public void A_low_one_whose_values_are_equal_is_still_a_low_one() =>
        Assert.False(new Threshold(0, 0, false, s_dwell).Observe(0.5, TimeSpan.Zero));
}
