using Samepage.Pages;

namespace Samepage.Tests.Pages;

public sealed class HiddenFramesTests
{
    [Fact]
    public void A_content_has_as_many_frames_as_the_target_with_most_pages_of_it()
    {
        using var frames = new HiddenFrames();
        int[] targets = [0, 0, 0, 1, 1, 2, 2, 2, 2, 2];
        Assert.Equal(5, targets.Count(target => frames.Observe(42, target, mayBeMerged: false) == FrameSighting.New));
    }

    [Fact]
    public void Where_the_kernel_may_have_merged_equal_pages_are_one_frame()
    {
        using var frames = new HiddenFrames();
        Assert.Equal(FrameSighting.New, frames.Observe(42, 0, mayBeMerged: true));
        Assert.Equal(FrameSighting.KnownInTarget, frames.Observe(42, 0, mayBeMerged: true));
        Assert.Equal(FrameSighting.KnownElsewhere, frames.Observe(42, 1, mayBeMerged: true));
    }

    [Fact]
    public void Growing_loses_nothing()
    {
        using var frames = new HiddenFrames();
        var random = new Random(1);
        var contents = Enumerable.Range(0, 50_000).Select(_ => (ulong)random.NextInt64() & ~1UL).ToArray();
        Assert.All(contents, content => Assert.Equal(FrameSighting.New, frames.Observe(content, 0, false)));
        Assert.All(contents, content => Assert.Equal(FrameSighting.KnownElsewhere, frames.Observe(content, 1, false)));
    }
}
