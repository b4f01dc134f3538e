using Samepage.Cli;

namespace Samepage.Tests.Reporting;

public class EstimateOptionTests
{
    [Theory]
    [InlineData("500ms", 500), InlineData("2s", 2000), InlineData("1m", 60_000), InlineData("1.5s", 1500), InlineData("24h", 86_400_000)]
    public void Durations_are_read(string text, int milliseconds) =>
        Assert.Equal(milliseconds, DurationText.Parse("--interval", text).TotalMilliseconds);

    [Theory]
    [InlineData(""), InlineData("s"), InlineData("2"), InlineData("0s"), InlineData("-1s"), InlineData("1e9s"), InlineData("25h"), InlineData("2 s"), InlineData("NaNs"), InlineData("1,5s")]
    public void What_is_no_duration_is_wrong_usage(string text) =>
        Assert.Equal(2, Assert.Throws<CommandFailure>(() => DurationText.Parse("--interval", text)).ExitCode);
}
