namespace Samepage.SystemTests.UserEngine;

/// <summary>Equal pages of one domain end up on one frame; equal pages of two domains never do.</summary>
public class DomainTests
{
    private const int Pages = 1500;

    [Fact]
    public void Domains_never_share_a_frame_and_members_of_one_do()
    {
        using var north = new TestDomain("north");
        using var south = new TestDomain("south");
        using var first = new Holder(north, 0, Pages);
        using var second = new Holder(north, 0, Pages);
        using var stranger = new Holder(south, 0, Pages);
        Holder[] all = [first, second, stranger];
        Assert.All(all, member => member.AssertMerges(95));

        // What nobody has looked at since it was merged is not present yet.
        Assert.All(all, member => member.AssertIntact());
        var frames = all.Select(member => member.Frames.Where(frame => frame != 0).ToHashSet()).ToArray();

        // 32 contents in runs and up to 97 scattered ones are all that is duplicate: each once in a domain.
        var shared = frames[0].Intersect(frames[1]).Count();
        TestContext.Current.TestOutputHelper?.WriteLine($"{shared} frames in common within the domain, of {frames[0].Count} and {frames[1].Count}");
        Assert.True(shared > 100, $"only {shared} frames in common within the domain");
        Assert.Empty(frames[0].Intersect(frames[2]));
        Assert.Empty(frames[1].Intersect(frames[2]));
        Assert.All(all, member => member.AssertIntact());
    }

    /// <summary>Nobody may name a domain so that its socket lands elsewhere.</summary>
    [Theory]
    [InlineData("../escape")]
    [InlineData("a/b")]
    public void A_bad_name_merges_nothing_and_harms_nothing(string name)
    {
        using var domain = new TestDomain("name");
        using var member = new Holder(TargetProgram.Launch("/usr/bin/env", [.. domain.Environs().Skip(1), $"SAMEPAGE_DOMAIN={name}", TestDomain.Compile("user_holder"), "preload", "0", "500"]), 500);
        _ = member.Await(1, seconds: 2);
        member.AssertIntact();
        Assert.False(File.Exists("/run/samepage/escape.sock"));
    }
}
