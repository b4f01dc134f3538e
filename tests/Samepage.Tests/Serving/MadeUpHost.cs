using Samepage.Governing;
using Samepage.Linux.Proc;
using Samepage.Linux.Sys;
using Samepage.Policies;
using Samepage.Server.Loop;
using Samepage.Server.Rules;
using Samepage.Targets;

namespace Samepage.Tests.Serving;

/// <summary>A host on disk that a daemon runs on: its ksmd's knobs are plain files, its processes directories, its time the test's.</summary>
internal sealed class MadeUpHost : IDisposable
{
    private readonly TemporaryTree _tree = new();
    private double _uptime = 1000;

    public MadeUpHost()
    {
        foreach (var (knob, value) in new[]
        {
            ("run", "0"), ("pages_to_scan", "100"), ("sleep_millisecs", "20"), ("smart_scan", "1"), ("advisor_mode", "[none] scan-time"),
            ("full_scans", "7"), ("pages_scanned", "0"), ("pages_sharing", "0"), ("pages_shared", "0"), ("pages_unshared", "0"),
            ("pages_volatile", "0"), ("ksm_zero_pages", "0"), ("general_profit", "0"),
        })
        {
            _tree[$"ksm/{knob}"] = value + "\n";
        }

        _tree["proc/sys/kernel/random/boot_id"] = "11111111-2222\n";
        _tree["proc/40/stat"] = "40 (ksmd) S 2 0 0 0 -1 2097152 0 0 0 0 0 0 0 0 25 5 1 0 5 0 0";
        _tree["proc/40/schedstat"] = "0 0 0\n";
        _tree["passwd"] = "root:x:0:0:root:/root:/bin/sh\n";
        Memory(availableMiB: 8192, swapFreeMiB: 0);
        Uptime(0);
        Directory.CreateDirectory(_tree.PathOf("cgroup"));

        // The record of settings names its writer, which must be seen to live in this host's /proc.
        _tree[$"proc/{Environment.ProcessId}/stat"] = $"{Environment.ProcessId} (daemon) S 1 0 0 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 77 0 0";
        Options = new DaemonOptions
        {
            Roots = new HostRoots(new ProcFs(_tree.PathOf("proc")), new KsmSysfs(_tree.PathOf("ksm")), _tree.PathOf("cgroup")),
            StateDirectory = State,
            ReadPolicy = () => new PolicyLoader(new UserNames(_tree.PathOf("passwd"))).Load(Config),
            Users = new UserNames(_tree.PathOf("passwd")),
            Clock = Clock,
            Switch = Switch,
        };
        Policy("");
    }

    public SteppedClock Clock { get; } = new();

    public RecordingSwitch Switch { get; } = new();

    public DaemonOptions Options { get; set; }

    public List<string> Lines { get; } = [];

    public string Config => _tree.PathOf("etc/samepage.toml");

    public string State => _tree.PathOf("state/samepage");

    public string Root => _tree.Root;

    public void Dispose() => _tree.Dispose();

    public Daemon Start()
    {
        Log = new DecisionLog(Clock, (level, line) => Lines.Add($"<{(int)level}>{line}"));
        return new Daemon(Options, Log);
    }

    public DecisionLog? Log { get; private set; }

    public void Policy(string text) => _tree["etc/samepage.toml"] = text;

    public void DropIn(string text) => _tree["etc/conf.d/10-more.toml"] = text;

    public string Knob(string name) => File.ReadAllText(_tree.PathOf($"ksm/{name}")).Trim();

    public void SetKnob(string name, string value) => _tree[$"ksm/{name}"] = value + "\n";

    /// <summary>Whoever held settings was killed.</summary>
    public void EndLocks() => _tree.EndLocksOn("ksm");

    public string Settings() => string.Join(' ', new[] { "run", "pages_to_scan", "sleep_millisecs", "smart_scan" }.Select(Knob));

    public void Memory(long availableMiB, long swapFreeMiB) =>
        _tree["proc/meminfo"] = $"MemTotal: {16384 * 1024} kB\nMemFree: 100 kB\nMemAvailable: {availableMiB * 1024} kB\nSwapTotal: {swapFreeMiB * 1024} kB\nSwapFree: {swapFreeMiB * 1024} kB\n";

    public void Merged(long mebibytes) => SetKnob("pages_sharing", $"{mebibytes * 256}");

    public void Process(int pid, string name, long startTicks = 100, string optedIn = "no", long residentPages = 100_000, long profit = 0, string group = "/")
    {
        _tree[$"proc/{pid}/stat"] = $"{pid} ({name}) S 2 0 0 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 {startTicks} 0 0";
        _tree[$"proc/{pid}/status"] = $"Name:\t{name}\nUid:\t0\t0\t0\t0\nVmRSS:\t{residentPages * 4} kB\n";
        _tree[$"proc/{pid}/cmdline"] = $"/usr/bin/{name}\0-x\0";
        _tree[$"proc/{pid}/cgroup"] = $"0::{group}\n";
        _tree[$"proc/{pid}/statm"] = $"{residentPages} {residentPages} 0 0 0 0 0\n";
        _tree[$"proc/{pid}/ksm_stat"] = $"ksm_rmap_items 0\nksm_merging_pages 0\nksm_process_profit {profit}\nksm_merge_any: {optedIn}\nksm_mergeable: no\n";
    }

    /// <summary>A control group with a limit, with one process in a group below it that holds merged pages.</summary>
    public void Group(string name, long limitMiB, long usedMiB, int pid, long mergedMiB)
    {
        _tree["cgroup/cgroup.controllers"] = "memory\n";
        _tree[$"cgroup/{name}/memory.max"] = $"{limitMiB << 20}\n";
        _tree[$"cgroup/{name}/memory.current"] = $"{usedMiB << 20}\n";
        _tree[$"cgroup/{name}/memory.swap.max"] = "max\n";
        _tree[$"cgroup/{name}/guest/cgroup.procs"] = $"{pid}\n";
        _tree[$"proc/{pid}/ksm_stat"] = $"ksm_rmap_items {mergedMiB * 256}\nksm_merging_pages {mergedMiB * 256}\nksm_process_profit 1\nksm_merge_any: yes\nksm_mergeable: yes\n";
    }

    public void Gone(int pid) => Directory.Delete(_tree.PathOf($"proc/{pid}"), recursive: true);

    public void Uptime(double more) => _tree["proc/uptime"] = FormattableString.Invariant($"{_uptime += more:0.00} 0.00\n");

    /// <summary>Makes turns for so long, in steps of half a second.</summary>
    public void Pass(Daemon daemon, double seconds)
    {
        for (var passed = 0.0; passed < seconds; passed += 0.5)
        {
            Clock.Advance(TimeSpan.FromSeconds(0.5));
            Uptime(0.5);
            daemon.Turn();
        }
    }
}

/// <summary>A clock of which the time of day can jump while its timestamps do not.</summary>
internal sealed class SteppedClock : TimeProvider
{
    private long _ticks;

    public DateTimeOffset Day { get; set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => _ticks;

    public override DateTimeOffset GetUtcNow() => Day;

    public void Advance(TimeSpan time)
    {
        _ticks += time.Ticks;
        Day += time;
    }
}

/// <summary>Switches nothing and remembers what was asked of it.</summary>
internal sealed class RecordingSwitch : IProcessSwitch
{
    public List<int> Enabled { get; } = [];

    public List<int> Disabled { get; } = [];

    public string? Refusal { get; set; }

    public IReadOnlyList<SwitchOutcome> Enable(IReadOnlyList<TargetProcess> targets) => Answer(targets, Enabled);

    public IReadOnlyList<SwitchOutcome> Disable(IReadOnlyList<TargetProcess> targets) => Answer(targets, Disabled);

    public void Dispose()
    {
    }

    private IReadOnlyList<SwitchOutcome> Answer(IReadOnlyList<TargetProcess> targets, List<int> list)
    {
        list.AddRange(targets.Select(target => target.Pid));
        return [.. targets.Select(target => new SwitchOutcome(target.Pid, Refusal is null, false, Refusal ?? ""))];
    }
}
