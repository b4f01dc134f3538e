using System.Diagnostics;
using System.Globalization;

namespace Samepage.SystemTests.UserEngine;

/// <summary>
/// Members and keepers of one domain are killed at random moments, while each member checks all of its memory all of the
/// time. Survivors keep right contents and go on; when the last has gone, so has everything else.
/// </summary>
public sealed class DeathCampaignTests
{
    private const int Pages = 1500;
    private const int MembersMax = 8;
    private const int MembersMin = 4;

    [Fact]
    public void Kills_at_any_moment_cost_others_nothing()
    {
        var seed = Campaign.Seed;
        TestContext.Current.TestOutputHelper?.WriteLine($"SAMEPAGE_SEED={seed} replays the draws");
        var random = new Random(seed);
        var before = SharedMemory();
        using var domain = new TestDomain("death");
        var members = new List<TargetProgram>();
        try
        {
            var kills = Run(domain, members, random);
            TestContext.Current.TestOutputHelper?.WriteLine($"{kills.Members} members and {kills.Keepers} keepers were killed");
            Assert.True(kills.Keepers > 0, "no keeper was killed");
            AssertAllGoOn(members);
            AssertNewcomersMerge(domain);
        }
        finally
        {
            members.ForEach(member => member.Dispose());
        }

        domain.AssertNothingIsLeft(TimeSpan.FromSeconds(20));
        AwaitSharedMemory(before);
        Assert.DoesNotContain(Directory.EnumerateFileSystemEntries("/dev/shm"), entry => entry.Contains("samepage", StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>The positive control: a bit changed behind a member's back, while it toils.</summary>
    [Fact]
    public void A_member_notices_a_changed_bit()
    {
        using var domain = new TestDomain("control");
        using var member = domain.Start("user_holder", "0", $"{Pages}");
        var address = long.Parse(member.Expect("ready"), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        member.WriteLine("toil");
        member.Expect("round");
        Merging.ProcessContents.FlipBit(member.Pid, address + (40 * 4096) + 123);
        for (var line = member.ReadLine(); ; line = member.ReadLine())
        {
            if (!line.StartsWith("round", StringComparison.Ordinal))
            {
                Assert.Equal("damaged 40", line);
                return;
            }
        }
    }

    private static (int Members, int Keepers) Run(TestDomain domain, List<TargetProgram> members, Random random)
    {
        var (membersKilled, keepersKilled) = (0, 0);
        while (membersKilled + keepersKilled < Campaign.Kills)
        {
            while (members.Count < MembersMin || (members.Count < MembersMax && random.Next(2) == 0))
            {
                members.Add(Toiler(domain, random.Next(4)));
            }

            Thread.Sleep(random.Next(10) == 0 ? random.Next(600) : random.Next(150));
            if (random.Next(4) == 0 && domain.Keepers is [var keeper, ..])
            {
                _ = Tool.Run("/bin/kill", "-KILL", $"{keeper}");
                keepersKilled++;
            }
            else
            {
                Kill(members, random.Next(members.Count));
                membersKilled++;
            }

            foreach (var member in members.Where(member => member.HasExited))
            {
                Assert.Fail($"member {member.Pid} ended by itself: {LastLine(member)}");
            }
        }

        return (membersKilled, keepersKilled);
    }

    private static void Kill(List<TargetProgram> members, int victim)
    {
        using var member = members[victim];
        members.RemoveAt(victim);
        member.Kill();
        if (member.ExitStatus != 128 + 9)
        {
            Assert.Fail($"member {member.Pid} was ending by itself: {LastLine(member)}");
        }
    }

    private static TargetProgram Toiler(TestDomain domain, int seed)
    {
        var member = domain.Start("user_holder", $"{seed}", $"{Pages}");
        member.Expect("ready");
        member.WriteLine("toil");
        return member;
    }

    /// <summary>Every survivor makes a round that began after the last kill, and holds merged pages in the end.</summary>
    private static void AssertAllGoOn(List<TargetProgram> members)
    {
        foreach (var member in members)
        {
            var merged = 0;
            for (var clock = Stopwatch.StartNew(); merged == 0 || clock.ElapsedMilliseconds < 300;)
            {
                var words = member.Expect("round").Split(' ');
                merged = int.Parse(words[2], CultureInfo.InvariantCulture);
                Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), $"member {member.Pid} has no merged page any more");
            }
        }
    }

    /// <summary>Contents that had been promoted by members now dead: two newcomers hold them, and share.</summary>
    private static void AssertNewcomersMerge(TestDomain domain)
    {
        using var one = domain.Start("user_holder", "1", $"{Pages}");
        using var two = domain.Start("user_holder", "1", $"{Pages}");
        foreach (var member in new[] { one, two })
        {
            member.Expect("ready");
            member.WriteLine("await 90");
            var words = member.Expect("merged", TimeSpan.FromSeconds(40)).Split(' ');
            Assert.True(int.Parse(words[0], CultureInfo.InvariantCulture) >= int.Parse(words[2], CultureInfo.InvariantCulture) * 9 / 10,
                $"only {string.Join(' ', words)} pages were merged");
            member.WriteLine("check");
            member.Expect("intact");
        }
    }

    private static string LastLine(TargetProgram member)
    {
        try
        {
            while (true)
            {
                var line = member.ReadLine();
                if (!line.StartsWith("round", StringComparison.Ordinal))
                {
                    return line;
                }
            }
        }
        catch (EndOfStreamException)
        {
            return $"exit status {member.ExitStatus}";
        }
    }

    /// <summary>Of the host but for this process, whose runtime keeps the code that it compiles in a memory file.</summary>
    private static long SharedMemory() => Kilobytes("/proc/meminfo", "Shmem:") - Kilobytes("/proc/self/status", "RssShmem:");

    private static long Kilobytes(string file, string name) =>
        long.Parse(File.ReadLines(file).First(line => line.StartsWith(name, StringComparison.Ordinal))
            .Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;

    private static void AwaitSharedMemory(long before)
    {
        const long Tolerance = 2 << 20;
        var end = DateTime.UtcNow + TimeSpan.FromSeconds(20);
        while (SharedMemory() > before + Tolerance && DateTime.UtcNow < end)
        {
            Thread.Sleep(100);
        }

        Assert.True(SharedMemory() <= before + Tolerance, $"shared memory grew from {before} to {SharedMemory()} bytes");
    }
}
