using System.Text.Json;
using Samepage.Linux;
using Samepage.Merging.User.Protocol;

namespace Samepage.SystemTests.Domains;

/// <summary>The keeper's life: members share, die and come back; keepers start, are killed and end.</summary>
public class KeeperTests
{
    [Fact]
    public void Members_share_through_a_segment_and_status_shows_it()
    {
        using var keeper = new KeeperProcess();
        using var first = new RawMember(keeper.Name);
        using var second = new RawMember(keeper.Name);
        Assert.Equal(Answer.Noted, first.Ask(first.Fingerprint(1)));
        Assert.Equal(Answer.Promote, second.Ask(second.Fingerprint(1)));
        var (error, segment) = second.Offer(RawMember.Segment(5, 1, 6));
        Assert.Equal(Errno.None, error);
        Assert.Equal(Answer.Stable(segment, 1, false), first.Ask(first.Fingerprint(1)));
        Assert.Equal(RawMember.Page(1), first.Read(segment, 1));
        Assert.Equal(MessageKind.Acknowledged, first.Exchange(MessageKind.Report, Report("short of mappings", merged: 7)));
        Assert.Equal(1u, first.Body<AcknowledgedBody>().News);

        var json = SamepageCommand.Json(0, "status", "--domain", keeper.Name.Text).GetProperty("domains")[0];
        Assert.Equal((2, 7, 3, 4), (json.GetProperty("members").GetArrayLength(), json.GetProperty("merged_pages").GetInt32(),
            json.GetProperty("stable_pages").GetInt32(), json.GetProperty("saved_pages").GetInt32()));
        Assert.Equal(256, json.GetProperty("stall_microseconds_p999").GetInt64());
        Assert.Contains(json.GetProperty("members").EnumerateArray(), member => member.GetProperty("reason").GetString() == "short of mappings");
        var (status, text, errors) = SamepageCommand.Run("status", "--domain", keeper.Name.Text);
        Assert.True(status == 0, errors);
        Assert.Contains("7 pages merged on 3 stable pages", text);
        Assert.Contains("short of mappings", text);
        var explained = SamepageCommand.Json(0, "explain", $"{Environment.ProcessId}", "--domain", keeper.Name.Text);
        Assert.Equal(("user", keeper.Name.Text), (explained.GetProperty("engine").GetString(), explained.GetProperty("domain").GetString()));
    }

    [Fact]
    public void Explaining_others_says_why_nothing_merges()
    {
        using var sleeper = TargetProgram.Start("holder", "none", "10", "10");
        var json = SamepageCommand.Json(0, "explain", $"{sleeper.Pid}");
        Assert.Equal((JsonValueKind.Null, "none"), (json.GetProperty("domain").ValueKind, json.GetProperty("engine").GetString()));
        Assert.NotEqual(0, json.GetProperty("reasons").GetArrayLength());
        Assert.Equal(5, SamepageCommand.Run("explain", "4194000").Status);
        Assert.Equal(5, SamepageCommand.Run("status", "--domain", "kp-nobody-keeps-this").Status);
        Assert.Equal(2, SamepageCommand.Run("status", "--domain", "../etc").Status);
    }

    [Fact]
    public void A_killed_keeper_is_replaced_and_offered_segments_merge_again()
    {
        using var keeper = new KeeperProcess();
        using var before = new RawMember(keeper.Name);
        var kept = RawMember.Segment(1, 2, 3);
        var again = FileHandle.TryOpenForReadingAndWriting($"/proc/self/fd/{kept}");
        Assert.Equal(Errno.None, before.Offer(kept).Error);
        keeper.Kill();
        Assert.True(before.IsClosed(1000));
        Assert.Equal(2, keeper.Remains.Length);
        keeper.Restart();
        using var member = new RawMember(keeper.Name);
        using var other = new RawMember(keeper.Name);
        Assert.Equal(Answer.Noted, other.Ask(other.Fingerprint(2)));
        var (error, segment) = member.Offer(again);
        Assert.Equal(Errno.None, error);
        Assert.Equal(Answer.Stable(segment, 1, false), other.Ask(other.Fingerprint(2)));
    }

    [Fact]
    public void What_a_dead_member_promised_another_may_write()
    {
        using var keeper = new KeeperProcess();
        using var noter = new RawMember(keeper.Name);
        using var third = new RawMember(keeper.Name);
        var fingerprint = noter.Fingerprint(1);
        using (var promoter = new RawMember(keeper.Name))
        {
            Assert.Equal(Answer.Noted, noter.Ask(fingerprint));
            Assert.Equal(Answer.Promote, promoter.Ask(fingerprint));
            Assert.Equal(Answer.Pending, third.Ask(fingerprint));
        }

        KeeperProcess.Until(() => third.Ask(fingerprint) == Answer.Promote, "the promise is void", seconds: 3);
    }

    [Fact]
    public void Of_many_started_at_once_one_keeps_the_domain()
    {
        using var keeper = new KeeperProcess();
        keeper.Kill();
        var started = Enumerable.Range(0, 6).Select(_ => keeper.StartAnother()).ToArray();
        KeeperProcess.Until(() => started.Count(process => process.HasExited) == 5, "all but one have ended");
        Assert.All(started.Where(process => process.HasExited), process => Assert.Equal(0, process.ExitCode));
        Assert.Equal(started.Single(process => !process.HasExited).Id, keeper.Report.KeeperPid);
        Tool.Signal(keeper.Report.KeeperPid, "TERM");
        Array.ForEach(started, process => process.WaitForExit());
        Assert.Empty(keeper.Remains);
    }

    [Fact]
    public void It_ends_after_its_last_member_and_leaves_nothing()
    {
        using var keeper = new KeeperProcess("--grace", "500ms");
        using (new RawMember(keeper.Name))
        {
            Tool.Signal(keeper.Process.Id, "HUP");
            Assert.False(keeper.Process.WaitForExit(1500));
        }

        Assert.True(keeper.Process.WaitForExit(5000));
        Assert.Equal(0, keeper.Process.ExitCode);
        Assert.Empty(keeper.Remains);
    }

    [Fact]
    public void What_a_killed_keeper_left_the_next_one_clears_away()
    {
        using var killed = new KeeperProcess();
        killed.Kill();
        Assert.Equal(2, killed.Remains.Length);
        using (var young = new KeeperProcess())
        {
            Assert.Equal(2, killed.Remains.Length);
        }

        File.SetLastWriteTimeUtc(Path.ChangeExtension(killed.Name.SocketPath, ".lock"), DateTime.UtcNow.AddMinutes(-5));
        using var living = new KeeperProcess();
        File.SetLastWriteTimeUtc(Path.ChangeExtension(living.Name.SocketPath, ".lock"), DateTime.UtcNow.AddMinutes(-5));
        using var next = new KeeperProcess();
        Assert.Empty(killed.Remains);
        Assert.Equal(2, living.Remains.Length);
        Assert.Equal(living.Process.Id, living.Report.KeeperPid);
    }

    /// <summary>A child that a member forked holds its socket open; the member is gone all the same.</summary>
    [Fact]
    public void Death_is_noticed_though_a_child_holds_the_socket()
    {
        const string Script = """
            import os, socket, struct, sys, time
            s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            s.connect(sys.argv[1])
            s.send(struct.pack("<IHHII", 0x31475053, int(sys.argv[2]), 1, 1, 8) + bytes(8))
            s.recv(65536)
            child = os.fork()
            if child == 0:
                time.sleep(20)
                os._exit(0)
            print(child, flush=True)
            time.sleep(20)
            """;
        using var keeper = new KeeperProcess();
        using var other = new RawMember(keeper.Name);
        using var parent = Tool.Start("python3", ["-c", Script, keeper.Name.SocketPath, $"{ProtocolLimits.Version}"]);
        var child = int.Parse(parent.StandardOutput.ReadLine()!, System.Globalization.CultureInfo.InvariantCulture);
        try
        {
            Assert.Equal(2, keeper.Report.Members.Count);
            parent.Kill();
            KeeperProcess.Until(() => keeper.Report.Members.Count == 1, "the member is gone", seconds: 3);
        }
        finally
        {
            Tool.Signal(child, "KILL");
        }
    }

    [Theory]
    [InlineData("65534", 0, "")]
    [InlineData("1234", 5, "does not talk to this user")]
    [InlineData(null, 5, "EACCES")]
    public void Only_users_that_were_named_are_let_in(string? allowed, int status, string told)
    {
        using var keeper = new KeeperProcess(allowed is null ? [] : ["--allow-user", allowed]);
        var run = SamepageCommand.RunAsNobody("status", "--domain", keeper.Name.Text);
        Assert.True(run.Status == status, run.Errors);
        Assert.Contains(told, run.Errors);
        Assert.Equal(
            allowed is null ? (UnixFileMode)0x180 : (UnixFileMode)0x1B6, File.GetUnixFileMode(keeper.Name.SocketPath));
    }

    private static unsafe ReportBody Report(string reason, ulong merged)
    {
        var report = new ReportBody();
        report.Counters.State = 2;
        report.Counters.MergedPages = merged;
        report.Counters.WindowNanosecondsMax = 300_000;
        report.Stalls[4] = 5;
        report.Stalls[8] = 5;
        System.Text.Encoding.UTF8.GetBytes(reason, new Span<byte>(report.Reason, ReportBody.ReasonBytes));
        return report;
    }
}
