namespace Samepage.Tests.Serving;

/// <summary>What the daemon does to processes because a rule says so, and to no others.</summary>
public sealed class RuleTests : IDisposable
{
    private const string Guests = "[[rule]]\nname = \"guests\"\nmatch = { comm = \"^qemu\" }\nengine = \"kernel\"\n";
    private readonly MadeUpHost _host = new();

    public void Dispose() => _host.Dispose();

    [Fact]
    public void Without_rules_nobody_is_touched()
    {
        _host.Process(100, "qemu");
        using var daemon = _host.Start();
        _host.Pass(daemon, 30);
        Assert.Empty(_host.Switch.Enabled);
    }

    [Fact]
    public void Those_under_a_rule_are_switched_on_once_they_are_old_enough()
    {
        _host.Policy(Guests + "delay = \"20s\"\n");
        _host.Process(100, "qemu", startTicks: 99_500);
        _host.Process(101, "bash", startTicks: 100);
        using var daemon = _host.Start();
        _host.Pass(daemon, 12);
        Assert.Empty(_host.Switch.Enabled);
        _host.Pass(daemon, 10);
        Assert.Equal([100], _host.Switch.Enabled);
        Assert.Equal("guests", daemon.RuleOf(100));
        Assert.Contains("<6>rules: process 100: switched on: qemu, rule \"guests\"", _host.Lines);
        _host.Pass(daemon, 60);
        Assert.Single(_host.Switch.Enabled);
        Assert.Equal(1, daemon.Status!.Rules.SwitchedOnProcesses);
    }

    [Fact]
    public void A_number_that_means_another_process_is_a_new_one()
    {
        _host.Policy(Guests);
        _host.Process(100, "qemu");
        using var daemon = _host.Start();
        _host.Pass(daemon, 4);
        _host.Process(100, "qemu", startTicks: 50_000);
        _host.Pass(daemon, 40);
        Assert.Equal([100, 100], _host.Switch.Enabled);
    }

    [Fact]
    public void Who_refuses_is_tried_again_and_then_left_alone()
    {
        _host.Policy(Guests);
        _host.Process(100, "qemu");
        _host.Switch.Refusal = "is traced by another process";
        using var daemon = _host.Start();
        _host.Pass(daemon, 300);
        Assert.Equal([100, 100, 100], _host.Switch.Enabled);
        Assert.Contains(_host.Lines, line => line.Contains("qemu is traced by another process (rule \"guests\"; not tried again)", StringComparison.Ordinal));
    }

    [Fact]
    public void Off_switches_off_only_what_Samepage_switched_on_also_after_a_restart()
    {
        _host.Policy(Guests);
        _host.Process(100, "qemu");
        using (var daemon = _host.Start())
        {
            _host.Pass(daemon, 4);
        }

        _host.Process(100, "qemu", optedIn: "yes");
        _host.Process(101, "qemu", optedIn: "yes");
        _host.Policy(Guests.Replace("kernel", "off", StringComparison.Ordinal));
        using var next = _host.Start();
        _host.Pass(next, 10);
        Assert.Equal([100], _host.Switch.Disabled);
        _host.Pass(next, 60);
        Assert.Single(_host.Switch.Disabled);
    }

    [Fact]
    public void Who_costs_more_than_it_saves_is_switched_off_and_stays_off()
    {
        _host.Policy(Guests);
        _host.Process(100, "qemu");
        _host.Process(101, "qemu", profit: -1_000_000, optedIn: "yes");
        using var daemon = _host.Start();
        _host.Pass(daemon, 4);
        Assert.Equal([100], _host.Switch.Enabled);
        _host.Process(100, "qemu", optedIn: "yes", profit: -4_000_000);
        for (var scans = 8; scans < 60; scans++)
        {
            _host.SetKnob("full_scans", $"{scans}");
            _host.Pass(daemon, 20);
        }

        Assert.Equal([100], _host.Switch.Disabled);
        Assert.Contains(_host.Lines, line => line.StartsWith("<5>profit: process 100: is to be switched off: qemu (100) costs 3.8 MiB more metadata than it saves", StringComparison.Ordinal));
        _host.Process(100, "qemu");
        daemon.AskReload();
        _host.Pass(daemon, 60);
        Assert.Equal([100], _host.Switch.Enabled);
    }

    [Fact]
    public void While_the_guard_holds_growth_nobody_is_switched_on()
    {
        _host.Policy(Guests);
        _host.Merged(4096);
        _host.Memory(availableMiB: 3000, swapFreeMiB: 0);
        _host.Process(100, "qemu");
        using var daemon = _host.Start();
        _host.Pass(daemon, 20);
        Assert.Empty(_host.Switch.Enabled);
        Assert.Single(_host.Lines, line => line.StartsWith("<6>rules: process 100: waits: rule \"guests\" would switch it on", StringComparison.Ordinal));
        _host.Memory(availableMiB: 12_000, swapFreeMiB: 0);
        _host.Pass(daemon, 400);
        Assert.Equal([100], _host.Switch.Enabled);
    }

    [Fact]
    public void A_storm_of_processes_is_taken_in_portions()
    {
        _host.Policy(Guests);
        using var daemon = _host.Start();
        for (var pid = 1000; pid < 3000; pid++)
        {
            _host.Process(pid, "qemu");
        }

        _host.Pass(daemon, 2.5);
        Assert.InRange(_host.Switch.Enabled.Count, 1, 64);
        for (var pid = 1000; pid < 3000; pid++)
        {
            _host.Gone(pid);
        }

        _host.Pass(daemon, 4);
        Assert.Equal(0, daemon.Status!.Rules.MatchedProcesses);
        _host.Pass(daemon, 60);
        Assert.Equal(0, daemon.Status!.Rules.SwitchedOnProcesses);
    }
}
