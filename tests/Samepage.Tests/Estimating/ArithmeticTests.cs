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

    [Fact]
    public void The_interval_of_a_sample_holds_the_truth_as_often_as_it_says()
    {
        // 400 hosts whose contents have 1 to 8 frames, looked at with a sample of 1 in 16. Of 400 intervals of 95 %,
        // 380 should hold the truth; fewer than 364 would be a chance of one in 10^4.
        var held = 0;
        for (var host = 0; host < 400; host++)
        {
            var random = new Random(host);
            var sampler = new ContentSampler(16);
            long truth = 0, sampled = 0, contents = 0, frames = 0;
            for (var content = 0; content < 20_000; content++)
            {
                var fingerprint = (ulong)random.NextInt64(long.MinValue, long.MaxValue);
                var copies = random.Next(1, 9);
                frames += copies;
                truth += copies - 1;
                if (sampler.Wants(fingerprint))
                {
                    contents++;
                    sampled += copies - 1;
                    for (var copy = 1; copy < copies; copy++)
                    {
                        sampler.NoteSavable(fingerprint);
                    }
                }
            }

            var result = sampler.Result(contents, sampled, frames)!;
            held += result.SavablePagesLow <= truth && truth <= result.SavablePagesHigh ? 1 : 0;
        }

        Assert.InRange(held, 364, 400);
    }

    [Fact]
    public void Without_a_sample_there_is_no_interval() => Assert.Null(new ContentSampler(1).Result(1, 1, 1));
}
