extern alias bench;

using bench::Samepage.Bench;
using bench::Samepage.Bench.Contest;

namespace Samepage.Tests.Benches;

/// <summary>What a bench is asked for, and what it is asked for wrongly.</summary>
public sealed class BenchOptionsTests
{
    private const string Usage = "--peers A,B --rate N --minutes X --engine X --save";

    [Fact]
    public void What_is_given_is_found_and_else_what_goes_without_saying()
    {
        var options = new BenchOptions(["--rate", "-5", "--save", "--minutes", "0.5", "--engine", "user"], Usage);
        Assert.Equal((-5, 0.5, "user", true), (options.Number("--rate", 1), options.Real("--minutes", 2), options.Text("--engine", ""), options.Has("--save")));
        Assert.Equal((true, false), (options.Chooses("--engine", "user"), options.Chooses("--engine", "kernel")));
        var none = new BenchOptions([], Usage);
        Assert.Equal((1, 2.0, "x", false), (none.Number("--rate", 1), none.Real("--minutes", 2), none.Text("--engine", "x"), none.Has("--save")));
        Assert.True(none.Chooses("--engine", "kernel"));
    }

    [Theory]
    [InlineData("'--rat' is no option", "--rat", "5")]
    [InlineData("'5' is no option", "5")]
    [InlineData("'N' is no option", "N")]
    [InlineData("'--rate' is no option, or lacks its value", "--save", "--rate")]
    [InlineData("'much' is not a whole number, which --rate wants", "--rate", "much")]
    [InlineData("'long' is not a number, which --minutes wants", "--minutes", "long")]
    [InlineData("there is no peer 'nobody'", "--peers", "none,nobody")]
    public void What_is_wrong_is_said_in_one_line(string complaint, params string[] arguments)
    {
        var wrong = Assert.Throws<BenchUsageException>(() =>
        {
            var options = new BenchOptions(arguments, Usage);
            _ = (options.Number("--rate", 1), options.Real("--minutes", 1), Contender.Chosen(options, "none"));
        });
        Assert.Contains(complaint, wrong.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', wrong.Message);
    }
}
