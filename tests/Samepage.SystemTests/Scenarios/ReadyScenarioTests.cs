using Samepage.Governing;
using Samepage.Linux.Proc;
using Samepage.Scenarios;
using Samepage.Scenarios.Ready;
using Samepage.Scenarios.Running;
using Samepage.Scenarios.Users;

namespace Samepage.SystemTests.Scenarios;

/// <summary>Short forms of <c>samepage scenario workers</c>, <c>containers</c>, <c>browsers</c> and <c>unlike</c>.</summary>
public sealed class ReadyScenarioTests
{
    private const string MergeStep = "opting the programs in";
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("workers", "kernel", "3", "16M")]
    [InlineData("workers", "user", "3", "16M")]
    [InlineData("containers", "kernel", "3", "16M")]
    [InlineData("browsers", "kernel", "2", "4M")]
    public void A_small_fleet_saves_what_was_promised_and_the_machine_is_as_before(string name, string engine, string count, string size)
    {
        RequireEngine(engine);
        using var lease = KsmdLease.Take();
        RequirePrograms(name);
        var (before, directories) = (lease.Settings(), Directories());
        using var run = new DemoProcess(SamepageCommand.Executable, "scenario", name, "--engine", engine, "--guests", count, "--guest-size", size, "--json");
        Assert.True(run.WaitForExit() == 0, run.Steps);
        var json = run.Json();
        long Number(string field) => json.GetProperty(field).GetInt64();
        Assert.Equal(("samepage.scenario/1", name, engine), (json.GetProperty("schema").GetString(), json.GetProperty("scenario").GetString(), json.GetProperty("engine").GetString()));
        Assert.Equal((long.Parse(count), long.Parse(count), 0L), (Number("guests_up"), Number("guests_verified"), Number("guests_corrupt")));
        Assert.True(Number("oracle_bytes") > 4 << 20, json.GetRawText());
        Assert.InRange(Number("saved_bytes"), Number("oracle_bytes") * 9 / 10, Number("oracle_bytes") * 13 / 10);
        Assert.True(json.GetProperty("cpu_seconds").GetDouble() > 0, json.GetRawText());
        Assert.Equal(before, lease.Settings());
        Assert.True(run.NothingIsLeftWithin(s_patience));
        Assert.Empty(Directories().Except(directories));
    }

    /// <summary>The positive control: what changes in a program while pages merge is found by the program's own check.</summary>
    [Theory]
    [InlineData("workers")]
    [InlineData("containers")]
    [InlineData("browsers")]
    public void A_byte_that_changes_meanwhile_is_reported(string name)
    {
        using var lease = KsmdLease.Take();
        RequirePrograms(name);
        using var state = new TemporaryState();
        ProgramFleet? fleet = null;
        FleetScenario scenario = name switch
        {
            "workers" => new WorkersScenario { Started = started => fleet = started },
            "containers" => new ContainersScenario { Started = started => fleet = started },
            _ => new BrowsersScenario { Started = started => fleet = started },
        };
        var view = new StepView(MergeStep, () => fleet!.Programs[1].Corrupt(ContentPart.Shared, 4321, Cancel));
        var result = scenario.Run(Request(scenario, 2, 4 << 20, state), view, Cancel);
        Assert.Equal((2, 1, 1, false), (result.Up, result.Verified, result.Corrupt, result.IsGood));
    }

    [Fact]
    public void Unlike_programs_cost_next_to_nothing_and_the_reason_is_said()
    {
        using var lease = KsmdLease.Take();
        var before = lease.Settings();
        using var state = new TemporaryState();
        var scenario = new UnlikeScenario { Rest = TimeSpan.FromSeconds(4), Governor = Undisturbed };
        var result = scenario.Run(Request(scenario, 4, 32 << 20, state), new StepView("", null), Cancel);
        var notes = string.Join('\n', result.Notes);
        TestContext.Current.TestOutputHelper?.WriteLine(notes);
        Assert.True(result.IsGood, notes);
        Assert.Equal((4, 4, 0), (result.Up, result.Verified, result.Corrupt));
        Assert.Contains("which is little", notes, StringComparison.Ordinal);
        Assert.Matches("The governor's last word: (converged|merging costs)", notes);
        Assert.Equal(before, lease.Settings());
    }

    /// <summary>The positive control for the check of data.</summary>
    [Fact]
    public void A_byte_that_changes_in_an_unlike_program_is_reported()
    {
        using var lease = KsmdLease.Take();
        using var state = new TemporaryState();
        ProgramFleet? fleet = null;
        var scenario = new UnlikeScenario { Rest = TimeSpan.Zero, Governor = Undisturbed, Started = started => fleet = started };
        var view = new StepView(MergeStep, () => fleet!.Programs[^1].Corrupt(ContentPart.Unique, 4321, Cancel));
        var result = scenario.Run(Request(scenario, 3, 8 << 20, state), view, Cancel);
        Assert.Equal((3, 2, 1, false), (result.Up, result.Verified, result.Corrupt, result.IsGood));
    }

    [Theory]
    [InlineData("containers", "INT")]
    [InlineData("containers", "KILL")]
    [InlineData("browsers", "INT")]
    [InlineData("browsers", "KILL")]
    public void Ended_in_the_middle_it_leaves_no_program_and_the_next_run_clears_up(string name, string signal)
    {
        using var lease = KsmdLease.Take();
        RequirePrograms(name);
        var (before, directories) = (lease.Settings(), Directories());
        string[] arguments = ["scenario", name, "--engine", "kernel", "--guests", "2", "--guest-size", "4M", "--json"];
        using (var run = new DemoProcess(SamepageCommand.Executable, arguments))
        {
            run.WaitForStep(MergeStep);
            var proc = new ProcFs();
            var all = ProcessTree.Of(proc, run.Pid).Skip(1).Select(pid => ProcessStat.TryRead(proc, pid)).OfType<ProcessStat>().ToList();
            Assert.Contains(all, one => one.Name is "redis-server" or "chromium");
            run.Signal(signal);
            Assert.Equal(signal == "INT" ? 1 : 137, run.WaitForExit());
            Assert.All(all, one => Assert.True(Machine.IsGoneWithin(one.Pid, one.StartTicks, s_patience), $"{one.Name} ({one.Pid}) is left"));
            Assert.True(run.NothingIsLeftWithin(s_patience));
        }

        if (signal == "KILL")
        {
            Assert.NotEmpty(Directories().Except(directories));
            using var next = new DemoProcess(SamepageCommand.Executable, "scenario", "workers", "--engine", "kernel", "--guests", "2", "--guest-size", "8M", "--json");
            Assert.True(next.WaitForExit() == 0, next.Steps);
        }

        Assert.Empty(Directories().Except(directories));
        Assert.Equal(before, lease.Settings());
        Assert.False(File.Exists(Path.Combine(StateDirectory.Default, "ksm-settings")));
    }

    [Theory]
    [InlineData("containers", "crun (package crun)")]
    [InlineData("browsers", "chromium (package chromium)")]
    public void What_is_missing_is_said_in_one_line_before_anything_starts(string name, string missing)
    {
        // Its own libraries are where they were; programs are not.
        using var run = new DemoProcess(
            "/usr/bin/unshare",
            ["--mount", "/bin/sh", "-c", "for program in /usr/bin/crun /usr/bin/chromium; do [ -e $program ] && mount --bind /dev/null $program; done; exec \"$0\" \"$@\"", SamepageCommand.Executable, "scenario", name, "--engine", "kernel"]);
        Assert.Equal(3, run.WaitForExit());
        Assert.Contains(missing, run.Steps, StringComparison.Ordinal);
        Assert.Single(run.Steps.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Theory]
    [InlineData("workers")]
    [InlineData("unlike")]
    public void While_another_samepage_drives_ksmd_it_is_refused_before_anything_starts(string name)
    {
        RequirePrograms(name);
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "the state directory is root's");
        using var held = new HeldSettings();
        held.AssertRefused(name, "--engine", "kernel", "--guests", "2", "--guest-size", "4M");
    }

    [Theory]
    [InlineData("browsers", "user")]
    [InlineData("containers", "user")]
    [InlineData("unlike", "none")]
    public void An_engine_that_does_not_apply_is_refused(string name, string engine) =>
        Assert.Equal(2, SamepageCommand.Run("scenario", name, "--engine", engine).Status);

    /// <summary>Nothing else on this machine has any say in how a test goes.</summary>
    private static GovernorOptions Undisturbed => new() { CpuPressure = (101, 100), OthersBusy = (2, 1), AvailableShare = (-1, 0), MemoryPressure = (101, 100) };

    private static ScenarioRequest Request(IScenario scenario, int programs, long bytes, TemporaryState state)
    {
        var request = new ScenarioRequest(ScenarioEngine.Kernel, programs, bytes, 0) { StateDirectory = state.Path, CacheDirectory = Machine.Cache };
        var lacks = scenario.FindLacks(request);
        Assert.SkipWhen(lacks.Count > 0, string.Join("; ", lacks.Select(lack => lack.What)));
        return request;
    }

    private static void RequirePrograms(string name)
    {
        var scenario = ScenarioCatalog.All.Single(each => each.Name == name);
        using var state = new TemporaryState();
        Request(scenario, 2, 4 << 20, state);
    }

    private static void RequireEngine(string engine)
    {
        if (engine == "user")
        {
            var files = UserEngineFiles.Find(Path.GetDirectoryName(SamepageCommand.Executable)!, out var missing);
            Assert.SkipWhen(files is null, "the user engine cannot run here; missing: " + string.Join("; ", missing));
        }
    }

    /// <summary>What runs have left, or hold. A run takes away what dead ones have left: less than before is well.</summary>
    private static string[] Directories()
    {
        var all = Path.Combine(StateDirectory.Default, "scenarios");
        return Directory.Exists(all) ? [.. Directory.GetFileSystemEntries(all).Order()] : [];
    }

    /// <summary>Does something when a step begins.</summary>
    private sealed class StepView(string step, Action? action) : IScenarioView
    {
        private int _isDone;

        public void Step(string what)
        {
            if (action is not null && what.StartsWith(step, StringComparison.Ordinal) && Interlocked.Exchange(ref _isDone, 1) == 0)
            {
                action();
            }
        }

        public void Show(ScenarioMoment moment)
        {
        }
    }
}
