using Samepage.Linux.Proc;
using Samepage.Linux.Sys;
using Samepage.Scenarios.Guests;

namespace Samepage.SystemTests.Scenarios;

/// <summary>
/// Drives <c>samepage demo --engine kernel</c> on this machine's ksmd: nobody else may change its settings meanwhile.
/// </summary>
public sealed class DemoTests
{
    private const string Record = "/var/lib/samepage/ksm-settings";
    private const string MergeStep = "opting the programs in";
    private static readonly string[] s_workers =
        ["demo", "--programs", "workers", "--guests", "3", "--guest-size", "128M", "--json", "--engine", "kernel"];

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    [Fact]
    public void With_guests_the_promise_comes_true_and_the_machine_is_as_before()
    {
        using var lease = KsmdLease.Take();
        if (GuestTools.Find(out var missing) is null)
        {
            Assert.Skip("no guests on this machine; missing: " + string.Join(", ", missing));
        }

        CheckPromise(lease, "guest", "demo", "--programs", "guests", "--guests", "2", "--guest-size", "128M", "--json", "--engine", "kernel");
    }

    [Fact]
    public void With_workers_the_promise_comes_true_and_the_machine_is_as_before()
    {
        using var lease = KsmdLease.Take();
        CheckPromise(lease, "worker", s_workers);
    }

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public void Interrupted_in_the_middle_it_puts_everything_back(string signal)
    {
        using var lease = KsmdLease.Take();
        var before = lease.Settings();
        using var demo = new DemoProcess(SamepageCommand.Executable, s_workers);
        demo.WaitForStep(MergeStep);
        WaitUntil(() => new KsmSysfs().IsRunning);
        demo.Signal(signal);
        Assert.Equal(1, demo.WaitForExit());
        Assert.Contains("interrupted", demo.Steps, StringComparison.Ordinal);
        Assert.Empty(demo.Left());
        Assert.Equal(before, lease.Settings());
        Assert.False(File.Exists(Record));
    }

    [Fact]
    public void Killed_in_the_middle_it_leaves_no_program_and_the_next_start_puts_the_settings_back()
    {
        using var lease = KsmdLease.Take();
        var before = lease.Settings();
        using (var demo = new DemoProcess(SamepageCommand.Executable, s_workers))
        {
            demo.WaitForStep(MergeStep);
            WaitUntil(() => new KsmSysfs().IsRunning);
            Assert.NotEmpty(demo.Left());
            demo.Signal("KILL");
            demo.WaitForExit();
            Assert.True(demo.NothingIsLeftWithin(s_patience));
            Assert.NotEqual(before, lease.Settings());
            Assert.True(File.Exists(Record));
        }

        using var next = new DemoProcess(SamepageCommand.Executable, s_workers);
        Assert.Equal(0, next.WaitForExit());
        Assert.Contains("run 0", next.Json().GetProperty("put_back").EnumerateArray().Select(text => text.GetString()));
        Assert.Equal(before, lease.Settings());
        Assert.False(File.Exists(Record));
    }

    [Fact]
    public void Killed_while_guests_boot_it_leaves_none()
    {
        if (GuestTools.Find(out var missing) is null)
        {
            Assert.Skip("no guests on this machine; missing: " + string.Join(", ", missing));
        }

        using var demo = new DemoProcess(
            SamepageCommand.Executable, "demo", "--programs", "guests", "--guests", "2", "--guest-size", "128M", "--json");
        demo.WaitForStep("starting 2 guests");
        WaitUntil(() => demo.Left().Any(pid => ProcessStat.TryRead(new ProcFs(), pid)?.Name.StartsWith("qemu", StringComparison.Ordinal) == true));
        demo.Signal("KILL");
        demo.WaitForExit();
        Assert.True(demo.NothingIsLeftWithin(s_patience));
    }

    /// <summary>The negative control: a byte turned over in a program's memory during the merge must be reported.</summary>
    [Fact]
    public void A_byte_that_changes_in_a_program_is_reported()
    {
        using var lease = KsmdLease.Take();
        using var demo = new DemoProcess(SamepageCommand.Executable, s_workers);
        demo.WaitForStep(MergeStep);
        DemoProcess.TurnOverOneByte(demo.Left().First(pid => ProcessStat.TryRead(new ProcFs(), pid)?.Name == "perl"));
        Assert.Equal(1, demo.WaitForExit());
        Assert.Equal(1, demo.Json().GetProperty("programs_corrupt").GetInt32());
        Assert.Equal(2, demo.Json().GetProperty("programs_verified").GetInt32());
    }

    [Fact]
    public void Without_root_it_estimates_and_says_what_is_missing()
    {
        using var lease = KsmdLease.Take();
        using var demo = new DemoProcess(
            "/usr/bin/setpriv", SamepageCommand.AsNobody(s_workers));
        CheckEstimateOnly(demo, "root");
    }

    [Fact]
    public void Without_KSM_it_estimates_and_says_what_is_missing()
    {
        using var lease = KsmdLease.Take();
        using var demo = new DemoProcess(
            "/usr/bin/unshare", ["--mount", "/bin/sh", "-c", "mount -t tmpfs none /sys/kernel/mm && exec \"$0\" \"$@\"", SamepageCommand.Executable, .. s_workers]);
        CheckEstimateOnly(demo, "KSM");
    }

    [Theory]
    [InlineData("--guests", "1")]
    [InlineData("--guest-size", "64M")]
    [InlineData("--guest-size", "-1")]
    [InlineData("--programs", "dogs")]
    [InlineData("--engine", "dogs")]
    public void Wrong_options_are_refused(string option, string value) =>
        Assert.Equal(2, SamepageCommand.Run("demo", option, value).Status);

    private static void CheckPromise(KsmdLease lease, string kind, params string[] arguments)
    {
        var before = lease.Settings();
        using var demo = new DemoProcess(SamepageCommand.Executable, arguments);
        Assert.True(demo.WaitForExit() == 0, demo.Steps);
        var json = demo.Json();
        long Number(string name) => json.GetProperty(name).GetInt64();
        Assert.Equal("samepage.demo/1", json.GetProperty("schema").GetString());
        Assert.Equal(("kernel", kind), (json.GetProperty("engine").GetString(), json.GetProperty("program_kind").GetString()));
        Assert.Equal(Number("programs_up"), Number("programs_verified"));
        Assert.True(json.GetProperty("converged").GetBoolean(), json.GetRawText());
        Assert.True(Number("promised_pages") > 3_000, json.GetRawText());
        Assert.InRange(json.GetProperty("deviation_percent").GetDouble(), -2, 2);
        Assert.Equal(before, lease.Settings());
        Assert.False(File.Exists(Record));
        Assert.Empty(demo.Left());
    }

    private static void CheckEstimateOnly(DemoProcess demo, string missing)
    {
        Assert.True(demo.WaitForExit() == 0, demo.Steps);
        var json = demo.Json();
        Assert.Equal(System.Text.Json.JsonValueKind.Null, json.GetProperty("engine").ValueKind);
        Assert.Contains(missing, json.GetProperty("missing")[0].GetString(), StringComparison.Ordinal);
        Assert.True(json.GetProperty("promised_pages").GetInt64() > 3_000, json.GetRawText());
        Assert.Equal(3, json.GetProperty("programs_verified").GetInt32());
        Assert.Empty(demo.Left());
    }

    private static void WaitUntil(Func<bool> condition)
    {
        for (var end = DateTime.UtcNow + TimeSpan.FromSeconds(20); !condition(); Thread.Sleep(5))
        {
            Assert.True(DateTime.UtcNow < end, "waited in vain");
        }
    }
}
