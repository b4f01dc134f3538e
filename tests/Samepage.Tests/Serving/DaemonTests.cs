using Samepage.Governing;
using Samepage.Policies;
using Samepage.Server.Loop;
using Samepage.Tests.Guarding;

namespace Samepage.Tests.Serving;

/// <summary>The daemon's turns on made-up hosts: what it does, says, and puts back.</summary>
public sealed class DaemonTests : IDisposable
{
    private const string Found = "0 100 20 1";
    private readonly MadeUpHost _host = new();

    public void Dispose() => _host.Dispose();

    [Fact]
    public void Newcomers_are_scanned_for_and_settings_put_back()
    {
        using (var daemon = _host.Start())
        {
            _host.Pass(daemon, 2);
            Assert.Equal(Found, _host.Settings());
            _host.Process(100, "qemu", optedIn: "yes");
            _host.Process(101, "qemu", optedIn: "yes");
            _host.Pass(daemon, 4);
            Assert.Equal("1", _host.Knob("run"));
            Assert.NotEqual("100", _host.Knob("pages_to_scan"));
            Assert.Equal("working", daemon.Status!.Governor.Mode);
            Assert.Contains(_host.Lines, line => line.StartsWith("<6>governor: host: works, ksmd scans ", StringComparison.Ordinal) && line.Contains("eligible", StringComparison.Ordinal));
        }

        Assert.Equal(Found, _host.Settings());
        Assert.False(File.Exists(Path.Combine(_host.State, "ksm-settings")));
    }

    [Theory]
    [InlineData(0.1, 60 * 0.1)]
    [InlineData(3.0, 15 / 2.0)]
    public void What_the_daemon_takes_is_its_budget_s_up_to_half_of_it(double cores, double seconds) =>
        Assert.Equal(seconds, BudgetLeft(0) - BudgetLeft(cores), 0.5);

    private static double BudgetLeft(double daemonCores)
    {
        using var host = new MadeUpHost();
        var begun = host.Clock.GetTimestamp();
        host.Options = host.Options with { OwnCpu = () => daemonCores * host.Clock.GetElapsedTime(begun) };
        using var daemon = host.Start();
        host.Pass(daemon, 5);
        return daemon.Status!.Governor.BudgetLeftSeconds;
    }

    /// <summary>What an estimate found unmerged on a host that was done gets another look; its word is not taken twice.</summary>
    [Fact]
    public void An_estimate_that_finds_more_sets_ksmd_to_work()
    {
        long? promise = null;
        _host.Options = _host.Options with { Promise = _ => promise };
        _host.Process(100, "qemu", optedIn: "yes");
        using var daemon = _host.Start();
        var (scans, told) = (0, new List<int>());
        foreach (var now in new long?[] { null, null, 400L << 20, 400L << 20 })
        {
            promise = now;
            for (var step = 0; step < 300; step++)
            {
                _host.SetKnob("full_scans", $"{++scans}");
                _host.Pass(daemon, 0.5);
            }

            told.Add(_host.Lines.Count(line => line.StartsWith("<6>governor: host: works", StringComparison.Ordinal) && line.Contains("an estimate promises 400 MiB more", StringComparison.Ordinal)));
        }

        Assert.Equal((0, 0), (told[0], told[1]));
        Assert.InRange(told[2], 1, 4);
        Assert.Equal(told[2], told[3]);
        Assert.Equal("converged", daemon.Status!.Governor.Mode);
    }

    [Fact]
    public void A_dry_run_tells_all_and_changes_nothing()
    {
        _host.Options = _host.Options with { IsDryRun = true };
        _host.Policy("[[rule]]\nname = \"guests\"\nmatch = { comm = \"^qemu\" }\nengine = \"kernel\"\n");
        _host.Process(100, "qemu", optedIn: "yes");
        _host.Process(102, "qemu");
        _host.Merged(4096);
        _host.Memory(availableMiB: 1024, swapFreeMiB: 0);
        using var daemon = _host.Start();
        _host.Pass(daemon, 6);
        Assert.Equal(Found, _host.Settings());
        Assert.False(Directory.Exists(_host.State));
        Assert.Empty(_host.Switch.Enabled);
        Assert.Contains(_host.Lines, line => line.StartsWith("<4>guard: host: would be: nothing may merge further: coverage fell below ", StringComparison.Ordinal));
        _host.Memory(availableMiB: 8192, swapFreeMiB: 0);
        _host.Merged(0);
        _host.Pass(daemon, 400);
        Assert.Contains(_host.Lines, line => line.Contains("process 102: would be switched on: qemu falls under rule \"guests\"", StringComparison.Ordinal));
    }

    [Fact]
    public void The_guard_holds_growth_and_lets_go_again()
    {
        _host.Process(100, "qemu", optedIn: "yes");
        _host.Merged(4096);
        using var daemon = _host.Start();
        _host.Pass(daemon, 4);
        Assert.Equal("1", _host.Knob("run"));
        _host.Memory(availableMiB: 3000, swapFreeMiB: 0);
        _host.Pass(daemon, 0.5);
        Assert.Equal("0", _host.Knob("run"));
        Assert.Equal("held", daemon.Status!.Governor.Mode);
        Assert.True(daemon.Status!.Guard is { GrowthHeld: true, AdmissionRefused: true });
        string[] expected = ["nothing may merge further", "warning", "no new guest is admitted"];
        Assert.Equal(expected, _host.Log!.Latest(null).Where(decision => decision.Who == "guard").Select(decision => decision.What));
        _host.Memory(availableMiB: 8192, swapFreeMiB: 0);
        _host.Pass(daemon, 400);
        Assert.True(daemon.Status!.Guard is { GrowthHeld: false, AdmissionRefused: false });
    }

    [Fact]
    public void Swap_is_provided_where_the_policy_allows_it_and_withdrawn_when_all_is_calm()
    {
        _host.Policy("[guard.swap]\nprovision = \"file\"\nsize_max = \"8G\"\n");
        var kernel = new SimulatedSwapKernel();
        _host.Options = _host.Options with { Swap = kernel };
        _host.Merged(4096);
        _host.Memory(availableMiB: 4300, swapFreeMiB: 0);
        using var daemon = _host.Start();
        _host.Pass(daemon, 1);
        var provided = daemon.Status!.Guard.ProvidedSwapBytes;
        Assert.True(provided > 0, string.Join('\n', _host.Lines));
        Assert.Single(kernel.Areas);
        _host.Memory(availableMiB: 4300, swapFreeMiB: provided >> 20);
        _host.Pass(daemon, 2);
        _host.Memory(availableMiB: 12_000, swapFreeMiB: provided >> 20);
        _host.Pass(daemon, 400);
        Assert.Empty(kernel.Areas);
        Assert.Equal(0, daemon.Status!.Guard.ProvidedSwapBytes);
    }

    /// <summary>A group that is short gains nothing from what leaves another.</summary>
    [Fact]
    public void For_a_group_only_its_own_pages_are_pushed_out()
    {
        _host.Policy("[[rule]]\nname = \"test guests\"\nmatch = { comm = \"^qemu\" }\nengine = \"kernel\"\npriority = \"low\"\n");
        var pushed = new HashSet<int>();
        _host.Options = _host.Options with
        {
            Push = (targets, bytes) =>
            {
                pushed.UnionWith(targets.Select(target => target.Pid));
                return (bytes, targets.Count);
            },
        };
        _host.Process(100, "qemu", group: "/tight/guest");
        _host.Process(101, "qemu", group: "/roomy");
        _host.Group("tight", limitMiB: 1000, usedMiB: 990, pid: 100, mergedMiB: 600);
        _host.Memory(availableMiB: 8000, swapFreeMiB: 300);
        _host.Merged(700);
        using var daemon = _host.Start();
        _host.Pass(daemon, 20);
        Assert.Contains(_host.Lines, line => line.Contains("guard: /tight: 256 MiB of low-priority processes are to be pushed out", StringComparison.Ordinal));
        Assert.Equal([100], pushed);
    }

    [Fact]
    public void Pages_of_low_priority_are_pushed_out_and_the_operator_is_called()
    {
        var called = Path.Combine(_host.Root, "called");
        _host.Policy($"[[rule]]\nname = \"test guests\"\nmatch = {{ comm = \"^qemu\" }}\nengine = \"kernel\"\npriority = \"low\"\n[guard]\nwarning_command = [\"/bin/sh\", \"-c\", \"echo $SAMEPAGE_SCOPE >>{called}\"]\n");
        var pushed = new List<(int Pid, long Bytes)>();
        _host.Options = _host.Options with
        {
            Push = (targets, bytes) =>
            {
                pushed.AddRange(targets.Select(target => (target.Pid, bytes)));
                return (bytes, targets.Count);
            },
        };
        _host.Process(100, "qemu");
        _host.Process(101, "postgres");
        using var daemon = _host.Start();
        _host.Pass(daemon, 3);
        _host.Merged(4096);
        _host.Memory(availableMiB: 2000, swapFreeMiB: 1000);
        _host.Pass(daemon, 20);
        Assert.All(pushed, push => Assert.Equal((100, 256L << 20), push));
        Assert.InRange(pushed.Count, 2, 5);
        Assert.Single(_host.Lines, line => line.Contains("guard: host: 256 MiB of low-priority processes are to be pushed out", StringComparison.Ordinal));
        Assert.True(SpinWait.SpinUntil(() => File.Exists(called) && File.ReadAllText(called) == "host\n", TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public void Who_turns_a_knob_is_told_of_and_set_right_once()
    {
        _host.Process(100, "qemu", optedIn: "yes");
        using var daemon = _host.Start();
        _host.Pass(daemon, 4);
        var pace = _host.Knob("sleep_millisecs");
        foreach (var _ in new[] { 1, 2 })
        {
            _host.SetKnob("sleep_millisecs", "777");
            _host.Pass(daemon, 1);
        }

        Assert.Equal("777", _host.Knob("sleep_millisecs"));
        Assert.Single(_host.Lines, line => line.StartsWith($"<4>governor: host: somebody else changed sleep_millisecs from {pace} to 777: set right this once", StringComparison.Ordinal));
        Assert.Single(_host.Lines, line => line.Contains("sleep_millisecs", StringComparison.Ordinal) && line.Contains("left alone until the policy is read anew", StringComparison.Ordinal));
        Assert.Equal(["sleep_millisecs"], daemon.Status!.Governor.SettingsLeftAlone);
        daemon.Dispose();
        Assert.Equal("0 100 777 1", _host.Settings());
    }

    [Fact]
    public void A_crash_is_mended_at_the_next_start()
    {
        _host.Process(100, "qemu", optedIn: "yes");
        var killed = _host.Start();
        _host.Pass(killed, 4);
        Assert.NotEqual(Found, _host.Settings());

        // It is killed: nothing is disposed of, and its number no longer means it.
        _host.Process(Environment.ProcessId, "other", startTicks: 99_999);
        _host.EndLocks();
        _host.Lines.Clear();
        using var next = _host.Start();
        Assert.Equal(Found, _host.Settings());
        Assert.Contains(_host.Lines, line => line.StartsWith("<5>daemon: host: put back run 0: a samepage that was killed", StringComparison.Ordinal));
    }

    [Fact]
    public void A_broken_policy_is_refused_with_its_line_and_the_old_one_stays()
    {
        _host.Policy("[governor]\ncpu_budget_percent = 12\n");
        using var daemon = _host.Start();
        _host.Pass(daemon, 1);
        var told = new List<bool>();
        daemon.Reloading = told.Add;
        _host.Policy("[governor]\ncpu_budget_percent = 12\ncpu_badget = 1\n");
        daemon.AskReload();
        _host.Pass(daemon, 1);
        Assert.Equal(12, daemon.Policy.Governor.CpuBudgetPercent);
        Assert.Equal([true, false], told);
        Assert.Contains($"{_host.Config}:3:1", daemon.Status!.Policy.RefusedReason, StringComparison.Ordinal);
        Assert.Contains(_host.Lines, line => line.StartsWith($"<3>policy: host: refused, the one before stays: {_host.Config}:3:1", StringComparison.Ordinal));
        _host.Policy("[governor]\ncpu_budget_percent = 15\n");
        daemon.AskReload();
        _host.Pass(daemon, 1);
        Assert.Equal(15, daemon.Policy.Governor.CpuBudgetPercent);
        Assert.True(daemon.Status is { Policy.RefusedReason: null, Self: { ReloadsTotal: 1, RefusedReloadsTotal: 1 } });
    }

    [Fact]
    public void A_broken_policy_at_the_start_leaves_no_lock_behind()
    {
        _host.Policy("nonsense");
        Assert.Throws<PolicyException>(() => _host.Start());
        _host.Policy("");
        using var daemon = _host.Start();
        Assert.Throws<SettingsHeldException>(() => _host.Start());
    }

    [Fact]
    public void The_time_of_day_may_jump()
    {
        _host.Process(100, "qemu", optedIn: "yes");
        using var daemon = _host.Start();
        _host.Pass(daemon, 3);
        var before = _host.Settings();
        foreach (var jump in new[] { -400, 900, -500 })
        {
            _host.Clock.Day += TimeSpan.FromDays(jump);
            _host.Pass(daemon, 1);
        }

        Assert.Equal(before, _host.Settings());
        Assert.DoesNotContain(_host.Lines, line => line.StartsWith("<3>", StringComparison.Ordinal));
    }

    [Fact]
    public void Without_room_for_its_record_nothing_is_changed_and_that_is_said_once()
    {
        using var daemon = _host.Start();
        daemon.Turn();
        _host.Process(100, "qemu", optedIn: "yes");
        var record = Path.Combine(_host.State, "ksm-settings");
        var text = File.ReadAllText(record);
        Directory.Delete(_host.State, recursive: true);
        File.WriteAllText(_host.State, "a file where the directory was: whatever is written below fails");
        var before = daemon.Status!.TakenAt;
        _host.Pass(daemon, 20);
        Assert.Equal(Found, _host.Settings());
        Assert.Single(_host.Lines, line => line.StartsWith("<3>governor: host: what it ordered could not be done", StringComparison.Ordinal));

        // Everything else goes on, and shows what is.
        Assert.InRange(daemon.Status!.TakenAt - before, TimeSpan.FromSeconds(15), TimeSpan.MaxValue);
        File.Delete(_host.State);
        Directory.CreateDirectory(_host.State);
        File.WriteAllText(record, text);
        _host.Pass(daemon, 4);
        Assert.Equal("1", _host.Knob("run"));
    }

    [Fact]
    public void Without_merging_in_the_kernel_the_guard_works_all_the_same()
    {
        Directory.Delete(Path.Combine(_host.Root, "ksm"), recursive: true);
        using var daemon = _host.Start();
        _host.Pass(daemon, 2);
        Assert.Equal("absent", daemon.Status!.Governor.Mode);
        Assert.Single(daemon.Status!.Guard.Scopes);
        Assert.Contains(_host.Lines, line => line.StartsWith("<4>daemon: host: this kernel has no KSM", StringComparison.Ordinal));
    }

    [Fact]
    public void What_it_remembers_is_bounded_however_much_happens()
    {
        var log = new DecisionLog(TimeProvider.System, (_, _) => { });
        for (var i = 0; i < 100_000; i++)
        {
            log.TellOf(LogLevel.Info, "rules", i, "switched on", new string('x', 5_000));
        }

        log.Tell(LogLevel.Info, "guard", "host", "warning", "early");
        Assert.Equal(DecisionLog.KeptMax + 1, log.All().Count);
        Assert.All(log.All(), decision => Assert.True(decision.Why.Length <= 1000));
        Assert.Equal("early", Assert.Single(log.Latest(null)).Why);
        Assert.Single(log.Latest(99_999));
        Assert.Empty(log.Latest(1));
    }
}
