using System.Globalization;

namespace Samepage.SystemTests.UserEngine;

/// <summary>libsamepage.so inside a program: what it does, and what the program must not notice of it.</summary>
public class NativeGateTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    /// <summary>A member's resident memory may grow by so much for its engine.</summary>
    private const long FootprintKilobytesMax = 8 * 1024;

    [Theory]
    [InlineData(1, 20_000)]
    [InlineData(2, 20_000)]
    public void The_table_of_ranges_means_what_a_list_of_pages_means(int seed, int steps)
    {
        var flags = $"-I{NativeBuild.Sources} {NativeBuild.Sources}/ranges.c";
        using var model = TargetProgram.Launch(TargetProgram.Compile("ranges_model", flags), $"{seed}", $"{steps}");
        Assert.StartsWith("ok", model.ReadLine(s_patience), StringComparison.Ordinal);
    }

    /// <summary>The positive control: the model notices a table that forgets to cut.</summary>
    [Fact]
    public void A_table_that_does_not_cut_is_noticed()
    {
        var source = File.ReadAllText(Path.Combine(NativeBuild.Sources, "ranges.c"));
        var broken = source.Replace("inside.start = later(entry->start, start);", "inside.start = entry->start;", StringComparison.Ordinal);
        Assert.NotEqual(source, broken);
        var path = Path.Combine(TargetProgram.OutputDirectory, "ranges_broken.c");
        File.WriteAllText(path, broken);
        using var model = TargetProgram.Launch(TargetProgram.Compile("ranges_model", $"-I{NativeBuild.Sources} {path}"), "1", "20000");
        Assert.StartsWith("failed", model.ReadLine(s_patience), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("signals")]
    [InlineData("fork")]
    [InlineData("calls")]
    [InlineData("closefrom")]
    [InlineData("protect")]
    [InlineData("starved")]
    [InlineData("queue")]
    [InlineData("headless")]
    public void A_member_finds_everything_as_it_should_be(string task)
    {
        NativeBuild.Require();
        using var member = Start(task, NativeBuild.Domain(task), SamepageCommand.Executable);
        _ = NativeBuild.Lines(member, s_patience);
        Assert.Equal(0, member.WaitForExit());
    }

    /// <summary>Reads that the kernel shows only as references, as those of NFS, are not to be met: nothing merges while they may be under way.</summary>
    [Fact]
    public void Nothing_merges_while_direct_reads_cannot_be_seen()
    {
        NativeBuild.Require();
        Assert.SkipUnless(Environment.IsPrivilegedProcess && File.Exists("/dev/fuse"), "needs root and FUSE");
        var point = Directory.CreateTempSubdirectory("samepage-fuse-");
        try
        {
            using var member = Start("direct", NativeBuild.Domain("direct"), SamepageCommand.Executable, point.FullName);
            TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', NativeBuild.Lines(member, s_patience)));
            Assert.Equal(0, member.WaitForExit());
        }
        finally
        {
            point.Delete();
        }
    }

    [Fact]
    public void An_engine_with_nothing_to_merge_stays_small()
    {
        NativeBuild.Require();
        using var member = Start("footprint", NativeBuild.Domain("footprint"), SamepageCommand.Executable);
        var lines = NativeBuild.Lines(member, s_patience);
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', lines));
        var rss = lines.Select(line => line.Split(' ')).Single(words => words[0] == "rss_kilobytes")[1];
        Assert.InRange(long.Parse(rss, CultureInfo.InvariantCulture), 1, FootprintKilobytesMax);
    }

    /// <summary>
    /// The keeper is a script here: it notes what it was given, and ends while the member still runs. It reads its mask of
    /// signals by itself: a shell blocks signals for a moment while it starts another program.
    /// </summary>
    [Fact]
    public void A_keeper_is_started_without_the_program_noticing()
    {
        NativeBuild.Require();
        var notes = Path.Combine(TargetProgram.OutputDirectory, "keeper-notes");
        var keeper = Path.Combine(TargetProgram.OutputDirectory, "keeper-script");
        File.WriteAllText(keeper, $"#!/bin/sh\n[ -e {notes} ] && exit\n{{ echo \"$@\"; echo $(ls -l /proc/$$/fd | sed -n 's/.*-> //p'); while read line; do case $line in SigBlk*) echo \"$line\";; esac; done </proc/$$/status; cut -d' ' -f4,6 /proc/$$/stat; env; }} >{notes}.new\nmv {notes}.new {notes}\n");
        File.SetUnixFileMode(keeper, (UnixFileMode)0x1ED);
        var domain = NativeBuild.Domain("spawn");
        using var member = Start("spawn", domain, keeper, notes);
        var session = NativeBuild.Lines(member, s_patience).Single().Split(' ')[1];
        var noted = File.ReadAllLines(notes);
        Assert.Equal($"keeper --domain {domain} --detach", noted[0]);
        Assert.DoesNotContain("/proc/version", noted[1], StringComparison.Ordinal);
        Assert.DoesNotContain("socket:", noted[1], StringComparison.Ordinal);
        Assert.Equal("SigBlk:\t0000000000000000", noted[2]);
        Assert.NotEqual($"{member.Pid}", noted[3].Split(' ')[0]);
        Assert.NotEqual(session, noted[3].Split(' ')[1]);
        Assert.DoesNotContain(noted[4..], line => line.StartsWith("SAMEPAGE_", StringComparison.Ordinal)
            || line.StartsWith("LD_", StringComparison.Ordinal) || line.StartsWith("GATE_MEMBER_SECRET", StringComparison.Ordinal));
    }

    private static TargetProgram Start(params IEnumerable<string> arguments) =>
        TargetProgram.Launch(NativeBuild.Compile("gate_member"), arguments);
}
