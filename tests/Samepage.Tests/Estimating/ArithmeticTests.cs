using CsCheck;
using Samepage.Estimating;

namespace Samepage.Tests.Estimating;

public sealed class ArithmeticTests
{
    [Fact]
    public void Parts_add_up_and_none_is_off_by_more_than_one()
    {
        Gen.Select(Gen.Long[0, 1L << 45], Gen.Double[0, 1e9].Array[1, 50]).Sample((whole, weights) =>
        {
            var parts = LargestRemainder.Divide(whole, weights);
            var sum = weights.Sum();
            Assert.Equal(sum > 0 ? whole : 0, parts.Sum());
            for (var i = 0; i < parts.Length && sum > 0; i++)
            {
                Assert.InRange(parts[i] - whole * (weights[i] / sum), -1.01, 1.01);
            }
        });
    }

    [Theory]
    [InlineData("light")]
    [InlineData("one heavy")]
    [InlineData("reviewed")]
    [InlineData("zipf")]
    [InlineData("next to nothing")]
    public void The_interval_of_a_sample_holds_the_truth_as_often_as_it_says(string hosts)
    {
        // 400 hosts, looked at with a sample of 1 in 16. Of 400 intervals of 95 %, 380 should hold the truth; fewer than
        // 360 would be a chance of one in 10^5.
        var held = 0;
        for (var host = 0; host < 400; host++)
        {
            var random = new Random(host);
            var sampler = new ContentSampler(16);
            var (truth, frames, contents, savable) = (0L, 0L, 0L, 0L);
            foreach (var copies in Copies(hosts, random))
            {
                var isIn = sampler.Wants((ulong)random.NextInt64(long.MinValue, long.MaxValue));
                frames += copies;
                truth += copies - 1;
                contents += isIn ? 1 : 0;
                savable += isIn ? copies - 1 : 0;
            }

            var result = sampler.Result(frames, contents, savable)!;
            held += result.SavablePagesLow <= truth && truth <= result.SavablePagesHigh ? 1 : 0;
            Assert.InRange(
                sampler.Savable(frames, contents, savable), result.SavablePagesLow, result.SavablePagesHigh);
        }

        Assert.InRange(held, 360, 400);
    }

    /// <summary>How many frames hold each content of a host.</summary>
    private static IEnumerable<int> Copies(string host, Random random) => host switch
    {
        "light" => Enumerable.Range(0, 20_000).Select(_ => random.Next(1, 9)),
        "one heavy" => Enumerable.Range(0, 20_000).Select(i => i == 0 ? 1_000_000 : 1),
        "reviewed" => Enumerable.Range(0, 3585).Select(i => i == 0 ? 1024 : 2),
        "zipf" => Enumerable.Range(1, 20_000).Select(rank => 1 + 200_000 / rank),
        _ => Enumerable.Range(0, 12).Select(_ => random.Next(1, 3)),
    };

    [Fact]
    public void Without_a_sample_there_is_no_interval() => Assert.Null(new ContentSampler(1).Result(1, 1, 1));
}
