using Samepage.Governing;

namespace Samepage.Tests.Governing;

/// <summary>Whether new memory is worth going over, with an estimate's word and without.</summary>
public class ProspectsTests
{
    private const long MiB = 1 << 20;
    private const double PassNanoseconds = 2_000;

    [Fact]
    public void An_estimate_that_promises_little_is_believed_and_said()
    {
        var prospects = new Prospects(new GovernorOptions());
        Assert.Null(prospects.NewMemory(Sample(promiseBytes: 2 * MiB), PassNanoseconds, isMemoryShort: false));
        Assert.Contains("of 512 MiB more eligible an estimate promises 2.0 MiB", prospects.Declined, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(400L)]
    public void Without_an_estimate_or_with_a_good_one_new_memory_is_gone_over(long? promise)
    {
        var prospects = new Prospects(new GovernorOptions());
        Assert.NotNull(prospects.NewMemory(Sample(promise * MiB), PassNanoseconds, isMemoryShort: false));
        Assert.Null(prospects.Declined);
    }

    /// <summary>An estimate of some processes says nothing about the others.</summary>
    [Fact]
    public void An_estimate_of_a_part_declines_nothing_and_promises_all_the_same()
    {
        var prospects = new Prospects(new GovernorOptions());
        Assert.NotNull(prospects.NewMemory(Sample(2 * MiB) with { IsPromisePartial = true }, PassNanoseconds, isMemoryShort: false));
        Assert.Null(prospects.Declined);
        var other = prospects.Other(Sample(400 * MiB) with { IsPromisePartial = true }, PassNanoseconds, gain: null, isMemoryShort: false);
        Assert.Equal("an estimate promises 400 MiB more", other?.Why);
    }

    private static HostSample Sample(long? promiseBytes) => new(
        TimeSpan.Zero, 0, 0, 0, 0, 0, 0, 0, 0, 8192 * MiB, 16384 * MiB, 512 * MiB, 4, promiseBytes);
}
