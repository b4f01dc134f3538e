using System.Globalization;

namespace Samepage.SystemTests.UserEngine;

/// <summary>
/// Memory, mappings or descriptors run short. Merging may stop, and then says why; nothing is lost, and where there is
/// room again it goes on.
/// </summary>
public class PressureTests
{
    private const int Pages = 3000;
    private const int Stopped = 3;

    /// <summary>Merged and unmerged pages go out to a swap file and come back, asked to and under a limit.</summary>
    [Fact]
    public void Pages_come_back_from_swap()
    {
        using var machine = new MachineState();
        machine.AddSwap(256 << 20);
        using var domain = new TestDomain("swap");
        using var group = new MemoryGroup();
        using var one = Start(domain, group, 0, 8000);
        using var two = Start(domain, group, 0, 8000);
        one.AssertMerges();
        two.AssertMerges();

        // Pages of its own, for the two are alike and share all others.
        one.Ask("write 3000", "written");
        var swapped = Number(one.Ask("pageout", "swapped"));
        Assert.True(swapped > 1000, $"only {swapped} pages were swapped out");
        one.AssertIntact();
        two.AssertIntact();
        group.Limit(group.Usage / 2);
        Assert.True(group.Swapped > 1 << 20, $"only {group.Swapped} bytes are in swap under half of the memory");
        foreach (var member in new[] { one, two, one })
        {
            member.AssertIntact();
            member.Ask("write 2000", "written");
        }

        group.Limit(-1);
        one.Ask("fill 2", "filled");
        one.AssertMerges();
        Assert.Equal("0", two.Ask("unmerge", "unmerged"));
        one.AssertIntact();
        two.AssertIntact();
    }

    [Fact]
    public void The_limit_of_mappings_is_kept_and_named()
    {
        using var domain = new TestDomain("mappings");
        using var member = new Holder(domain, 0, Pages);
        Assert.Equal("0", member.Ask("unmerge", "unmerged"));
        Assert.Equal("0", member.Ask("mappings 20", "limited"));
        Assert.Equal("0", member.Ask("advise", "advised"));
        _ = member.Await(90, seconds: 2);
        var (_, mappings, reason) = member.State();
        Assert.InRange(MappingsOfSegments(member), 0, 60);
        Assert.InRange(mappings, 0, 60);
        Assert.Contains("mapping", reason, StringComparison.OrdinalIgnoreCase);
        member.AssertIntact();
        Assert.Equal("0", member.Ask("mappings 20000", "limited"));
        member.AssertMerges();
        member.AssertIntact();
    }

    /// <summary>The program itself uses up what vm.max_map_count allows.</summary>
    [Fact]
    public void A_program_out_of_mappings_loses_nothing()
    {
        using var domain = new TestDomain("maps");
        using var member = new Holder(domain, 0, Pages);
        member.AssertMerges();
        Assert.True(Number(member.Ask("maps", "maps")) > 10_000);
        for (var seed = 1; seed < 4; seed++)
        {
            member.Ask($"fill {seed}", "filled");
            _ = member.Await(90, seconds: 2);
            member.AssertIntact();
            member.Ask("write 500", "written");
        }

        var reason = member.State().Reason;
        Assert.NotEqual("", reason);
        TestContext.Current.TestOutputHelper?.WriteLine(reason);
        _ = member.Ask("unmerge", "unmerged");
        member.AssertIntact();
        member.Ask("unmaps", "unmapped");
        Assert.Equal("0", member.Ask("advise", "advised"));
        member.Ask("fill 5", "filled");
        member.AssertMerges();
        member.AssertIntact();
    }

    [Fact]
    public void A_program_out_of_address_space_loses_nothing()
    {
        using var domain = new TestDomain("room");
        using var member = new Holder(domain, 0, Pages);
        member.AssertMerges();
        member.Ask("room 65536", "roomed");
        Exercise(member);
        TestContext.Current.TestOutputHelper?.WriteLine(member.State().Reason);
        member.Ask("room 0", "roomed");
        AssertGoesOn(member);
    }

    [Fact]
    public void A_program_out_of_descriptors_loses_nothing()
    {
        using var domain = new TestDomain("descriptors");
        using var member = new Holder(domain, 0, Pages);
        member.AssertMerges();
        Assert.True(Number(member.Ask("descriptors", "descriptors")) > 100);
        Exercise(member);
        TestContext.Current.TestOutputHelper?.WriteLine(member.State().Reason);
        member.Ask("undescriptors", "closed");
        AssertGoesOn(member);
    }

    /// <summary>It has none from the start: no connection, nothing merged, the reason given; later it gets some.</summary>
    [Fact]
    public void A_program_without_descriptors_from_the_start_says_why_it_does_not_merge()
    {
        using var domain = new TestDomain("none");
        using var member = new Holder(TargetProgram.Launch("/usr/bin/env",
            [.. domain.Environs().Skip(1), "sh", "-c", "ulimit -n 6; exec \"$@\"", "sh", TestDomain.Compile("user_holder"), "preload", "0", $"{Pages}"]), Pages);
        var (merged, _) = member.Await(1, seconds: 3);
        member.AssertIntact();
        var (_, _, reason) = member.State();
        TestContext.Current.TestOutputHelper?.WriteLine($"merged {merged}, {reason}");
        Assert.True(merged > 0 || reason.Length > 0, "nothing is merged, and no reason is given");
    }

    [Fact]
    public void A_group_out_of_memory_refuses_to_take_pages_back_and_changes_nothing()
    {
        const int Everything = 24576;
        using var domain = new TestDomain("refused");
        using var group = new MemoryGroup();
        using var program = TargetProgram.Launch("/usr/bin/env",
            [.. domain.Environs().Skip(1), .. group.Inside, TestDomain.Compile("user_calls"), "preload", "unmergeable-refused"]);
        var merged = Number(program.Expect("ready", TimeSpan.FromSeconds(60)));
        Assert.True(merged > Everything * 8 / 10, $"only {merged} pages were merged");
        group.Limit(group.Usage + (16 << 20));
        program.WriteLine("go");
        var words = program.Expect("refused", TimeSpan.FromSeconds(30)).Split(' ');
        Assert.Equal("11", words[0]); // EAGAIN
        Assert.True(Number(words[1]) >= merged * 99L / 100, $"{words[1]} of {merged} pages are still merged");
        group.Limit(-1);
        program.WriteLine("go");
        Assert.Equal("", program.Expect("done", TimeSpan.FromSeconds(30)));
    }

    /// <summary>The keeper may use next to nothing: it may die or refuse, and its members stay right.</summary>
    [Fact]
    public void A_keeper_out_of_memory_costs_its_members_nothing()
    {
        using var domain = new TestDomain("keeper");
        using var group = new MemoryGroup();
        using var one = new Holder(domain, 0, 8000);
        one.AssertMerges();
        var keeper = Assert.Single(domain.Keepers);
        File.WriteAllText(group.Members, $"{keeper}");
        group.Limit(1 << 20);
        using var two = new Holder(domain, 1, 8000);
        for (var seed = 2; seed < 6; seed++)
        {
            one.Ask($"fill {seed}", "filled");
            _ = one.Await(50, seconds: 2);
            one.AssertIntact();
            two.AssertIntact();
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{one.State()}");
        group.Limit(-1);
        AssertGoesOn(one);
        AssertGoesOn(two);
    }

    private static Holder Start(TestDomain domain, MemoryGroup group, int seed, int pages) => new(TargetProgram.Launch("/usr/bin/env",
        [.. domain.Environs().Skip(1), .. group.Inside, TestDomain.Compile("user_holder"), "preload", $"{seed}", $"{pages}"]), pages);

    private static void Exercise(Holder member)
    {
        for (var seed = 1; seed < 4; seed++)
        {
            member.Ask($"fill {seed}", "filled");
            _ = member.Await(100, seconds: 1);
            member.AssertIntact();
            member.Ask("write 500", "written");
        }

        _ = member.Ask("unmerge", "unmerged");
        member.AssertIntact();
        Assert.Equal("0", member.Ask("advise", "advised"));
    }

    private static void AssertGoesOn(Holder member)
    {
        member.Ask("fill 6", "filled");
        member.AssertMerges();
        member.AssertIntact();
        Assert.NotEqual(Stopped, member.State().State);
    }

    private static int MappingsOfSegments(Holder member) => File.ReadLines($"/proc/{member.Pid}/maps")
        .Count(line => line.Contains("memfd:", StringComparison.Ordinal) && Start(line) >= member.Address && Start(line) < member.Address + ((ulong)member.Pages * 4096));

    private static ulong Start(string line) => ulong.Parse(line.AsSpan(0, line.IndexOf('-', StringComparison.Ordinal)), NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
