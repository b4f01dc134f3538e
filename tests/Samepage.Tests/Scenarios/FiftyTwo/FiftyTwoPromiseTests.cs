using Samepage.Scenarios.FiftyTwo;
using Samepage.Scenarios.Running;

namespace Samepage.Tests.Scenarios.FiftyTwo;

public sealed class FiftyTwoPromiseTests
{
    private const long GiB = 1L << 30;

    private static readonly ScenarioDefaults s_defaults = new FiftyTwoScenario().Defaults;

    private static readonly ScenarioResult s_kept = new("fifty-two", ScenarioEngine.Kernel, "guest", 52, 52, 52, 0)
    {
        ProgramBytes = GiB,
        LimitBytes = 16 * GiB,
        PeakBytes = 16 * GiB,
        SwapPeakBytes = 52 * GiB / 50,
        SavedBytes = 97,
        OracleBytes = 100,
        WallSeconds = 900,
    };

    public static TheoryData<string, ScenarioResult, bool> Broken => new()
    {
        { "51 of 52 guests came up", s_kept with { Up = 51, Verified = 51, SwapPeakBytes = 0 }, false },
        { "51 of 52 guests are verified", s_kept with { Verified = 51 }, false },
        { "the kernel killed 1", s_kept with { OomKills = 1 }, false },
        { "lay in swap, which is more than 2 %", s_kept with { SwapPeakBytes = 2 * GiB }, false },
        { "above the limit", s_kept with { PeakBytes = (16 * GiB) + 4096 }, true },
        { "96.9 % of what perfect merging would save was saved, which is less than 97 %", s_kept with { SavedBytes = 969, OracleBytes = 1000 }, true },
        { "0.0 % of what perfect merging would save was saved", s_kept with { OracleBytes = 0 }, true },
        { "it took 901 s, which is more than 15 minutes", s_kept with { WallSeconds = 901 }, true },
    };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_keeps_to_every_limit_is_as_promised(bool isFull) => Assert.Empty(FiftyTwoPromise.Shortfalls(s_kept, isFull));

    [Theory]
    [MemberData(nameof(Broken))]
    public void What_falls_short_says_by_what(string what, ScenarioResult result, bool onlyInFull)
    {
        Assert.Contains(what, Assert.Single(FiftyTwoPromise.Shortfalls(result, isFull: true)), StringComparison.Ordinal);
        Assert.Equal(onlyInFull ? 0 : 1, FiftyTwoPromise.Shortfalls(result, isFull: false).Count);
    }

    [Fact]
    public void The_control_is_to_fail_but_not_to_corrupt()
    {
        var control = s_kept with { Engine = ScenarioEngine.None, Up = 18, Verified = 17, OomKills = 1, OracleBytes = 0 };
        Assert.Empty(FiftyTwoPromise.Shortfalls(control, isFull: false));
        Assert.Single(FiftyTwoPromise.Shortfalls(control with { Corrupt = 1 }, isFull: false));
    }

    [Fact]
    public void Only_the_claim_itself_is_the_full_form()
    {
        var full = new ScenarioRequest(ScenarioEngine.User, 52, GiB, 16 * GiB) { StateDirectory = "/s", CacheDirectory = "/c" };
        Assert.True(FiftyTwoPromise.IsFull(full, s_defaults));
        Assert.All(
            [full with { Programs = 51 }, full with { ProgramBytes = GiB / 2 }, full with { HostBytes = 17 * GiB }, full with { UntilFull = true }, full with { Engine = ScenarioEngine.None }],
            other => Assert.False(FiftyTwoPromise.IsFull(other, s_defaults)));
    }
}
