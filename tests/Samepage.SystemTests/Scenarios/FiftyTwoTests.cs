using System.Text.Json;
using Samepage.Linux;
using Samepage.Linux.Proc;
using Samepage.Linux.Swapping;
using Samepage.Linux.Sys;
using Samepage.Merging.User;
using Samepage.Scenarios.Guests;
using Samepage.Scenarios.Guests.Desktop;
using Samepage.Scenarios.Limits;
using Samepage.Scenarios.Users;

namespace Samepage.SystemTests.Scenarios;

/// <summary>The scenario in small: real guests under a real limit. Nobody else may drive ksmd meanwhile.</summary>
public sealed class FiftyTwoTests
{
    private const string State = "/var/lib/samepage/scenario";
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10), s_bootPatience = TimeSpan.FromSeconds(90);

    [Theory]
    [InlineData("kernel")]
    [InlineData("user")]
    public void Four_guests_come_up_are_merged_and_find_all_they_hold(string engine)
    {
        using var lease = Lease(engine);
        var before = lease.Settings();
        var report = Path.Combine(Path.GetTempPath(), $"samepage-test-report-{Environment.ProcessId}.html");
        try
        {
            using var run = Start(null, "--engine", engine, "--guests", "4", "--host", "1G", "--report", report);
            Assert.True(run.WaitForExit() == 0, run.Steps);
            var json = run.Json();
            Assert.Equal((4, 4, 0, 0), (Number(json, "guests_up"), Number(json, "guests_verified"), Number(json, "guests_corrupt"), Number(json, "oom_kills")));
            Assert.Equal(engine, json.GetProperty("engine").GetString());

            // Four guests of 256 MB want more than they may have, so without merging they could not all have come.
            Assert.InRange(Number(json, "peak_bytes"), 256 << 20, 1 << 30);
            Assert.True(Number(json, "saved_bytes") > 256 << 20, json.GetRawText());
            Assert.InRange(Number(json, "oracle_bytes"), Number(json, "saved_bytes"), 1 << 30);
            Assert.Contains("<svg", File.ReadAllText(report), StringComparison.Ordinal);
            Assert.Empty(run.Left());
        }
        finally
        {
            File.Delete(report);
        }

        AssertClean(lease, before);
    }

    /// <summary>The positive control: a guest that alters a byte of its own is found, whichever data it is of.</summary>
    [Theory]
    [InlineData("1")]
    [InlineData("2")]
    public void A_guest_whose_memory_was_altered_is_counted_as_corrupt(string number)
    {
        using var lease = Lease("kernel");
        using var run = Start(number, "--engine", "kernel", "--guests", "2", "--host", "1G");
        Assert.Equal(1, run.WaitForExit());
        Assert.Equal((2, 1, 1), (Number(run.Json(), "guests_up"), Number(run.Json(), "guests_verified"), Number(run.Json(), "guests_corrupt")));
    }

    [Fact]
    public void Without_merging_they_come_until_something_stops_them()
    {
        using var lease = Lease("kernel");
        var before = lease.Settings();
        using var run = Start(null, "--control", "--guests", "8", "--host", "768M");
        Assert.True(run.WaitForExit() == 0, run.Steps);

        // Two come at a time, and two fit.
        Assert.InRange(Number(run.Json(), "guests_up"), 2, 4);
        Assert.Equal(0, Number(run.Json(), "saved_bytes") >> 26);
        Assert.Matches("swap is full|guest died|has ended", run.Json().GetProperty("stopped_by").GetString());
        AssertClean(lease, before);
    }

    [Theory]
    [InlineData("kernel", "INT")]
    [InlineData("kernel", "KILL")]
    [InlineData("user", "KILL")]
    public void Ended_in_the_middle_nothing_is_left_at_the_latest_after_the_next_run(string engine, string signal)
    {
        using var lease = Lease(engine);
        var before = lease.Settings();
        using (var run = Start(null, "--engine", engine, "--guests", "4", "--host", "1G"))
        {
            run.WaitForStep("guests come up");
            for (var end = DateTime.UtcNow + s_bootPatience; !IsMerging(engine, run.Pid); Thread.Sleep(20))
            {
                Assert.True(DateTime.UtcNow < end, $"merging has not begun:\n{run.Steps}");
            }

            Assert.Contains(SwapArea.ReadAll(new ProcFs()), IsOfScenario);
            run.Signal(signal);
            Assert.NotEqual(0, run.WaitForExit());
            Assert.True(run.NothingIsLeftWithin(s_patience), "programs are left");
        }

        if (signal == "KILL")
        {
            Assert.Contains(Groups(), group => group.Contains("samepage-scenario-", StringComparison.Ordinal));
            Assert.Contains(SwapArea.ReadAll(new ProcFs()), IsOfScenario);
            using var next = Start(null, "--engine", engine, "--guests", "1", "--host", "1G");
            Assert.True(next.WaitForExit() == 0, next.Steps);
        }

        AssertClean(lease, before);
    }

    [Fact]
    public void What_is_missing_is_said_before_anything_starts()
    {
        SkipWithoutGuests();
        var nobody = SamepageCommand.RunAsNobody("scenario", "fifty-two");
        Assert.Equal(4, nobody.Status);
        Assert.Contains("root", nobody.Errors, StringComparison.Ordinal);
        var large = SamepageCommand.Run("scenario", "fifty-two", "--host", "60T", "--anyway");
        Assert.Equal(3, large.Status);
        Assert.Contains("too little memory", large.Errors, StringComparison.Ordinal);
        Assert.Single(large.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void A_missing_QEMU_is_said_with_its_package()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "anyone else is told that it is root's, and no more");

        // A device in its place is nothing to execute. PATH is not enough: the usual directories are looked through as well.
        var (status, output, errors) = Tool.Run(
            "unshare", "--mount", "/bin/sh", "-c",
            "for qemu in /usr/local/bin/qemu-system-x86_64 /usr/bin/qemu-system-x86_64; do [ -e $qemu ] && mount --bind /dev/null $qemu; done; exec \"$0\" \"$@\"",
            SamepageCommand.Executable, "scenario", "fifty-two", "--engine", "none");
        Assert.Equal((3, ""), (status, output));
        Assert.Contains("missing: qemu-system-x86_64 (package qemu-system-x86)", Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    /// <summary>In a pid namespace, where nobody else's guests are seen; what runs there is no QEMU but is called like one.</summary>
    [Theory]
    [InlineData("qemu-system-x86_64")]
    [InlineData("qemu-kvm")]
    [InlineData("kvm")]
    public void Other_QEMU_processes_are_a_reason_to_refuse(string name)
    {
        SkipWithoutGuests();
        var directory = Directory.CreateTempSubdirectory("samepage-test-emulator-");
        try
        {
            var program = Path.Combine(directory.FullName, name);
            File.Copy("/bin/sleep", program);
            var (status, output, errors) = Tool.Run(
                "unshare", "-pf", "--kill-child", "--mount-proc", "/bin/sh", "-c",
                "\"$0\" 60 & until grep -qE '^(qemu|kvm)' /proc/$!/comm; do :; done; \"$@\"; exit $?",
                program, SamepageCommand.Executable, "scenario", "fifty-two", "--engine", "none", "--guests", "1", "--guest-size", "256M", "--host", "512M");
            Assert.Equal((1, ""), (status, output));
            Assert.Contains("1 other QEMU processes are running here", Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData]
    [InlineData("--anyway")]
    public void While_another_samepage_drives_ksmd_it_is_refused_before_anything_starts(params string[] options)
    {
        SkipWithoutGuests();
        Assert.SkipUnless(new KsmSysfs().Exists, "this kernel has no KSM");
        using var held = new HeldSettings();
        held.AssertRefused(["fifty-two", "--engine", "kernel", "--guests", "2", "--guest-size", "256M", "--host", "1G", .. options]);
    }

    [Fact]
    public void They_are_listed()
    {
        var list = SamepageCommand.Json(0, "scenario");
        Assert.Contains(list.GetProperty("scenarios").EnumerateArray(), each => each.GetProperty("name").GetString() == "fifty-two");
    }

    [Theory]
    [InlineData("no-such-scenario")]
    [InlineData("fifty-two", "--guests", "0")]
    [InlineData("fifty-two", "--guest-size", "64M")]
    [InlineData("fifty-two", "--engine", "dogs")]
    [InlineData("fifty-two", "--coverage", "-1")]
    public void Wrong_options_are_refused(params string[] arguments) =>
        Assert.Equal(2, SamepageCommand.Run(["scenario", .. arguments]).Status);

    private static DemoProcess Start(string? corrupt, params string[] arguments)
    {
        // Other guests may be running beside the tests; they are not this test's business.
        IEnumerable<string> prefix = corrupt is null ? [] : [$"SAMEPAGE_TEST_CORRUPT={corrupt}"];
        return new DemoProcess(
            "/usr/bin/env", [.. prefix, SamepageCommand.Executable, "scenario", "fifty-two", "--guest-size", "256M", "--json", "--anyway", .. arguments]);
    }

    private static KsmdLease Lease(string engine)
    {
        SkipWithoutGuests();
        if (engine == "user" && UserEngineFiles.Find(Path.GetDirectoryName(SamepageCommand.Executable)!, out var missing) is null)
        {
            Assert.Skip("no user engine here; missing: " + string.Join(", ", missing));
        }

        return KsmdLease.Take();
    }

    private static void SkipWithoutGuests()
    {
        Assert.SkipWhen(GuestTools.Find(out var missing) is null, "no guests on this machine; missing: " + string.Join(", ", missing));
        Assert.SkipUnless(DesktopImage.Missing().Count == 0, string.Join(", ", DesktopImage.Missing()));
        Assert.SkipUnless(MemoryGroup.Lack() is null, MemoryGroup.Lack() ?? "");
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "memory is limited by root only");
    }

    private static long Number(JsonElement json, string name) => json.GetProperty(name).GetInt64();

    private static IEnumerable<string> Groups() =>
        Directory.Exists("/sys/fs/cgroup/memory") ? Directory.EnumerateDirectories("/sys/fs/cgroup/memory") : Directory.EnumerateDirectories("/sys/fs/cgroup");

    private static bool IsOfScenario(SwapArea area) => area.Path.StartsWith(State, StringComparison.Ordinal);

    /// <summary>The governor has begun, or a guest has joined the scenario's domain, which has its process's number in its name.</summary>
    private static bool IsMerging(string engine, int scenario)
    {
        if (engine == "kernel")
        {
            return new KsmSysfs().IsRunning;
        }

        try
        {
            return DomainQuery.Ask(DomainName.TryParse($"fifty-two-{scenario}")!, s_patience).Members.Count > 0;
        }
        catch (Exception early) when (early is LinuxException or IOException)
        {
            return false;
        }
    }

    private static void AssertClean(KsmdLease lease, string settings)
    {
        Assert.Equal(settings, lease.Settings());
        Assert.DoesNotContain(SwapArea.ReadAll(new ProcFs()), IsOfScenario);
        Assert.False(Directory.Exists(State) && Directory.EnumerateFiles(State, "*.swap", SearchOption.AllDirectories).Any());
        Assert.DoesNotContain(Groups(), group => group.Contains("samepage-scenario-", StringComparison.Ordinal));
    }
}
