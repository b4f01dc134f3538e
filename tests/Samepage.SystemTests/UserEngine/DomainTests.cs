using System.Globalization;
using System.Text.Json;

namespace Samepage.SystemTests.UserEngine;

/// <summary>Equal pages of one domain end up on one frame; equal pages of two domains never do.</summary>
public class DomainTests
{
    private const int Pages = 1500;

    /// <summary>More than a batch.</summary>
    private const int HalfPages = 17_000;

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

    /// <summary>The engine takes 64 MiB at a time; who noted a page before then must hear of its own later finding.</summary>
    [Fact]
    public void Twins_in_one_program_meet_however_far_apart()
    {
        using var domain = new TestDomain("halves");
        using var program = StartHalves(domain, "ordered", 0);
        var (merged, damaged) = AwaitHalves(program, HalfPages * 2);
        Assert.Equal((HalfPages * 2, 0), (merged, damaged));
        Assert.Equal(HalfPages, SegmentPages(domain));
    }

    [Fact]
    public void What_finds_no_mapping_is_not_written_either()
    {
        using var domain = new TestDomain("short");
        using var program = StartHalves(domain, "scattered", 1000);
        var (merged, damaged) = AwaitHalves(program, 300);
        Assert.InRange(merged, 300, 1000);
        Assert.Equal(0, damaged);

        // All that is written is mapped at once, but for runs that are too short by then.
        Thread.Sleep(TimeSpan.FromSeconds(3));
        Assert.InRange(SegmentPages(domain), 100, merged + 200);
    }

    private static TargetProgram StartHalves(TestDomain domain, string order, int mappings)
    {
        var program = TargetProgram.Launch("/usr/bin/env", [.. domain.Environs(isEager: false).Skip(1), TestDomain.Compile("user_halves"), "preload", $"{HalfPages}", order, $"{mappings}"]);
        program.Expect("ready", TimeSpan.FromSeconds(30));
        return program;
    }

    /// <summary>Waits until so many pages are merged, or no more come.</summary>
    private static (int Merged, int Damaged) AwaitHalves(TargetProgram program, int goal)
    {
        for (var end = DateTime.UtcNow + TimeSpan.FromSeconds(20); ; Thread.Sleep(500))
        {
            program.WriteLine("");
            var words = program.Expect("merged").Split(' ');
            var (merged, damaged) = (int.Parse(words[0], CultureInfo.InvariantCulture), int.Parse(words[2], CultureInfo.InvariantCulture));
            if (merged >= goal || DateTime.UtcNow >= end)
            {
                return (merged, damaged);
            }
        }
    }

    private static int SegmentPages(TestDomain domain) => JsonDocument.Parse(SamepageCommand.Run("status", "--domain", domain.Name, "--json").Output)
        .RootElement.GetProperty("domains")[0].GetProperty("segments").GetProperty("pages").GetInt32();

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
