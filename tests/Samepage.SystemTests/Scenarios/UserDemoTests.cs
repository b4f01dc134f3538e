using System.Text.Json;
using Samepage.Linux.Probes;
using Samepage.Linux.Proc;
using Samepage.Scenarios.Guests;

namespace Samepage.SystemTests.Scenarios;

/// <summary>Drives <c>samepage demo</c> with the user engine, which leaves ksmd alone.</summary>
public sealed class UserDemoTests
{
    private const string MergeStep = "starting the domain's keeper";
    private static readonly string[] s_workers = ["demo", "--programs", "workers", "--guests", "3", "--guest-size", "128M", "--json"];
    private static readonly string[] s_guests = ["demo", "--programs", "guests", "--guests", "2", "--guest-size", "128M", "--json"];

    /// <summary>A keeper that nobody has come to yet stays for ten seconds.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(15);

    [Fact]
    public void With_workers_it_saves_nearly_what_was_promised_and_changes_no_byte()
    {
        RequireUserEngine();
        using var demo = new DemoProcess(SamepageCommand.Executable, [.. s_workers, "--engine", "user"]);
        CheckMerged(demo, "worker", promiseMin: 0.9);
    }

    [Fact]
    public void Left_the_choice_it_takes_the_user_engine_and_guests_keep_their_data()
    {
        RequireUserEngine();
        RequireGuests();
        using var demo = new DemoProcess(SamepageCommand.Executable, s_guests);
        CheckMerged(demo, "guest", promiseMin: 0.9);
    }

    [Fact]
    public void Both_engines_are_shown_with_programs_of_their_own()
    {
        RequireUserEngine();
        using var lease = KsmdLease.Take();
        var before = lease.Settings();
        using var demo = new DemoProcess(SamepageCommand.Executable, [.. s_workers, "--engine", "both"]);
        Assert.True(demo.WaitForExit() == 0, demo.Steps);
        var runs = demo.Json().GetProperty("runs").EnumerateArray().ToList();
        Assert.Equal(["kernel", "user"], runs.Select(run => run.GetProperty("engine").GetString()));
        Assert.All(runs, run =>
        {
            Assert.Equal(3, run.GetProperty("programs_verified").GetInt32());
            Assert.True(run.GetProperty("converged").GetBoolean(), run.GetRawText());
            Assert.True(run.GetProperty("saved_pages").GetInt64() > 3_000, run.GetRawText());
            Assert.True(run.GetProperty("engine_cpu_seconds").GetDouble() > 0, run.GetRawText());
        });
        Assert.Equal(JsonValueKind.Null, runs[0].GetProperty("stall_microseconds_max").ValueKind);
        Assert.Equal(before, lease.Settings());
        Assert.Empty(demo.Left());
    }

    /// <summary>The negative control: what is written into a program behind its back, while pages merge, is reported.</summary>
    [Fact]
    public void A_byte_that_changes_in_a_program_is_reported()
    {
        RequireUserEngine();
        using var demo = new DemoProcess(SamepageCommand.Executable, [.. s_workers, "--engine", "user"]);
        demo.WaitForStep(MergeStep);
        DemoProcess.TurnOverOneByte(demo.Left().First(pid => ProcessStat.TryRead(new ProcFs(), pid)?.Name == "python3"));
        Assert.Equal(1, demo.WaitForExit());
        Assert.Equal(1, demo.Json().GetProperty("programs_corrupt").GetInt32());
    }

    [Fact]
    public void Without_KSM_the_user_engine_merges_all_the_same()
    {
        RequireUserEngine();
        using var demo = new DemoProcess(
            "/usr/bin/unshare", ["--mount", "/bin/sh", "-c", "mount -t tmpfs none /sys/kernel/mm && exec \"$0\" \"$@\"", SamepageCommand.Executable, .. s_workers]);
        CheckMerged(demo, "worker", promiseMin: 0.9);
    }

    [Theory]
    [InlineData("INT", 1)]
    [InlineData("KILL", 137)]
    public void Ended_in_the_middle_it_leaves_no_program_and_no_keeper(string signal, int status)
    {
        RequireUserEngine();
        using var demo = new DemoProcess(SamepageCommand.Executable, [.. s_workers, "--engine", "user"]);
        demo.WaitForStep(MergeStep);
        Assert.NotEmpty(demo.Left());
        demo.Signal(signal);
        Assert.Equal(status, demo.WaitForExit());
        Assert.True(demo.NothingIsLeftWithin(s_patience));
    }

    [Fact]
    public void Where_userfaultfd_is_out_of_reach_the_kernel_engine_is_chosen_and_the_user_engine_refused()
    {
        using var lease = KsmdLease.Take();
        using var demo = new DemoProcess("/usr/bin/setpriv", SamepageCommand.AsNobody(s_workers));
        Assert.True(demo.WaitForExit() == 0, demo.Steps);
        Assert.Equal("kernel", demo.Json().GetProperty("runs")[0].GetProperty("engine").GetString());
        using var refused = new DemoProcess("/usr/bin/setpriv", SamepageCommand.AsNobody([.. s_workers, "--engine", "user"]));
        Assert.Equal(3, refused.WaitForExit());
    }

    private static void CheckMerged(DemoProcess demo, string kind, double promiseMin)
    {
        Assert.True(demo.WaitForExit() == 0, demo.Steps);
        var json = demo.Json();
        long Number(string name) => json.GetProperty(name).GetInt64();
        Assert.Equal(("user", kind), (json.GetProperty("engine").GetString(), json.GetProperty("program_kind").GetString()));
        Assert.Equal(Number("programs_up"), Number("programs_verified"));
        Assert.True(json.GetProperty("converged").GetBoolean(), json.GetRawText());
        Assert.True(Number("promised_pages") > 3_000, json.GetRawText());
        Assert.InRange(Number("saved_pages"), (long)(Number("promised_pages") * promiseMin), (long)(Number("promised_pages") * 1.05));
        Assert.True(json.GetProperty("stall_microseconds_max").GetDouble() > 0, json.GetRawText());
        Assert.Empty(demo.Left());
    }

    private static void RequireUserEngine() => Assert.SkipUnless(
        UserfaultProbe.ByDevice().CanMove || UserfaultProbe.BySystemCall().CanMove, "this kernel has no UFFDIO_MOVE");

    private static void RequireGuests() =>
        Assert.SkipWhen(GuestTools.Find(out var missing) is null, "no guests on this machine; missing: " + string.Join(", ", missing));
}
