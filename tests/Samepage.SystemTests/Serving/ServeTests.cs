using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Samepage.Linux;
using Samepage.Linux.Proc;
using Samepage.Linux.Sockets;

namespace Samepage.SystemTests.Serving;

/// <summary>The daemon as the executable, with the real ksmd in its hands.</summary>
public sealed class ServeTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("samepage-serve-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void It_merges_what_comes_answers_those_who_ask_and_puts_settings_back()
    {
        using var lease = KsmdLease.Take();
        var before = lease.Settings();
        Write("[governor]\ncpu_budget_percent = 20\n");
        using var daemon = new ServeProcess(_directory, Holders(2, "region"));
        Assert.Contains("at most 20 % of a core", daemon.Expect("READY=1\nSTATUS="), StringComparison.Ordinal);
        // On a busy machine the governor waits for a minute, and then goes on at a quarter of its pace.
        daemon.Until(() => lease.Ksm.SavedPages >= 9_500, "merging", seconds: 150);
        Assert.NotEqual(before, lease.Settings());
        AssertVerbs(daemon);
        AssertHttp(daemon);

        Write("[governor]\ncpu_budget_percent = 20\ncpu_budget = 1\n");
        Tool.Signal(daemon.Pid, "HUP");
        Assert.Matches("^RELOADING=1\nMONOTONIC_USEC=[0-9]+$", daemon.Expect("RELOADING=1"));
        Assert.Contains("at most 20 % of a core", daemon.Expect("READY=1"), StringComparison.Ordinal);
        daemon.Until(() => daemon.Log.Contains($"refused, the one before stays: {daemon.Config}:3:1: ", StringComparison.Ordinal), "the refusal");
        daemon.Expect("WATCHDOG=1");

        AssertSecondIsRefused(daemon);
        Assert.Equal(0, daemon.End("TERM"));
        daemon.Expect("STOPPING=1");
        Assert.Equal(before, lease.Settings());
        Assert.False(File.Exists(daemon.Control));
    }

    /// <summary>The guest would fit by what the verb reckons; the daemon's guard has a floor that this host cannot reach.</summary>
    [Fact]
    public void While_the_guard_refuses_guests_so_does_admit()
    {
        using var lease = KsmdLease.Take();
        Write("[guard]\ncoverage_warning = 1000\ncoverage_floor = 1000\n");
        using var daemon = new ServeProcess(_directory, Holders(3, "region"));
        daemon.Expect("READY=1");
        bool IsRefused() => JsonDocument.Parse(daemon.Ask("status", "--json").Output).RootElement
            .GetProperty("daemon").GetProperty("guard").GetProperty("admission_refused").GetBoolean();
        daemon.Until(IsRefused, "the guard's refusal", seconds: 150);
        var refused = daemon.Ask("admit", "--size", "64M");
        Assert.Equal(6, refused.Status);
        Assert.Contains("coverage", refused.Output, StringComparison.Ordinal);

        // Control: without the daemon's word the same guest is welcome.
        Assert.Equal(0, Tool.Run("env", [$"SAMEPAGE_CONTROL={_directory}/nobody", SamepageCommand.Executable, "admit", "--size", "64M"]).Status);
        Assert.Equal(0, daemon.End("TERM"));
    }

    [Fact]
    public void What_a_killed_one_left_is_mended_by_the_next()
    {
        using var lease = KsmdLease.Take();
        var before = lease.Settings();
        using (var killed = new ServeProcess(_directory, Holders(1, "region")))
        {
            killed.Expect("READY=1");
            killed.Until(() => lease.Settings() != before, "a change of settings");
            Assert.NotEqual(0, killed.End("KILL"));
        }

        Assert.NotEqual(before, lease.Settings());
        using var next = new ServeProcess(_directory);
        next.Expect("READY=1");
        Assert.Contains("daemon: host: put back run 0: a samepage that was killed had left it changed", next.Log, StringComparison.Ordinal);
        Assert.Equal(before, lease.Settings());
        Assert.Equal(0, next.End("INT"));
    }

    [Fact]
    public void A_rule_switches_merging_on_for_those_that_it_names_and_no_others()
    {
        using var lease = KsmdLease.Take();
        Write("[[rule]]\nname = \"holders\"\nmatch = { comm = '^holder$' }\nengine = \"kernel\"\n");
        using var daemon = new ServeProcess(_directory, Holders(2, "none") + " sleep 77 &");
        daemon.Expect("READY=1");
        var children = Descendants(daemon.Pid);
        daemon.Until(() => children().Count(IsOptedIn) == 2, "the opt-in");
        daemon.Until(() => daemon.Log.Split("switched on: holder, rule \"holders\"").Length == 3, "two lines");
        Assert.All(children().Where(IsOptedIn), pid => Assert.Equal("holder", Name(pid)));
        Assert.Equal(0, daemon.End("TERM"));
    }

    [Fact]
    public void In_a_container_ksmd_s_time_is_read_where_the_host_s_processes_are()
    {
        using var lease = KsmdLease.Take();
        var proc = Directory.CreateDirectory(Path.Combine(_directory, "proc", "40")).FullName;
        File.WriteAllText(Path.Combine(_directory, "proc", "meminfo"), "MemTotal: 1000 kB\n");
        File.WriteAllText($"{proc}/stat", "40 (ksmd) S 2 0 0 0 -1 2097152 0 0 0 0 0 700 0 0 25 5 1 0 5 0 0");
        File.WriteAllText($"{proc}/schedstat", "6500000000 11 12\n");
        using var daemon = new ServeProcess(_directory, "", "--host-proc", Path.Combine(_directory, "proc"));
        daemon.Expect("READY=1");
        Assert.Contains("\nsamepage_ksmd_cpu_seconds_total 6.5\n", daemon.Get("/metrics").Text, StringComparison.Ordinal);
        Assert.Equal(0, daemon.End("TERM"));
    }

    /// <summary>ksmd is the daemon's: stopping it would be undone within a second.</summary>
    [Fact]
    public void Unmerging_beside_it_leaves_ksmd_to_it_and_says_so()
    {
        using var lease = KsmdLease.Take();
        using var daemon = new ServeProcess(_directory, Holders(2, "region"));
        daemon.Expect("READY=1");
        daemon.Until(() => lease.Ksm.SavedPages >= 9_500, "merging", seconds: 150);
        var pids = Descendants(daemon.Pid)().Where(pid => Name(pid) == "holder").Select(pid => pid.ToString(CultureInfo.InvariantCulture));
        var unmerged = daemon.Ask("unmerge", "--pid", string.Join(',', pids));
        Assert.Contains("the daemon (process 1) has ksmd merge", unmerged.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("stopped ksmd", unmerged.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("somebody else changed run", daemon.Log, StringComparison.Ordinal);
        Assert.Equal(0, daemon.End("TERM"));
    }

    /// <summary>It lets ksmd stand still while nothing is to be merged: who started it then would take the brake out of its hands.</summary>
    [Fact]
    public void Enabling_beside_it_leaves_ksmd_to_it_and_the_wait_is_for_its_word()
    {
        using var lease = KsmdLease.Take();
        using var daemon = new ServeProcess(_directory, Holders(2, "none"));
        daemon.Expect("READY=1");
        var holders = Descendants(daemon.Pid);
        daemon.Until(() => holders().Count(pid => Name(pid) == "holder") == 2, "the holders");
        var pids = string.Join(',', holders().Where(pid => Name(pid) == "holder").Select(pid => pid.ToString(CultureInfo.InvariantCulture)));
        for (var time = 0; time < 3; time++)
        {
            daemon.Until(() => !lease.Ksm.IsRunning, "ksmd's rest", seconds: 150);
            var enabled = daemon.Ask("enable", "--pid", pids);
            Assert.Equal(0, enabled.Status);
            Assert.Contains("ksmd stands still; the daemon (process 1) has it scan", enabled.Errors, StringComparison.Ordinal);
            Assert.DoesNotContain("started ksmd", enabled.Errors, StringComparison.Ordinal);
        }

        var waited = daemon.Ask("status", "--wait", "--timeout", "150s");
        Assert.True(waited.Status == 0, waited.Output + waited.Errors);
        Assert.Contains("the daemon knows of nothing more to merge", string.Join(' ', waited.Output.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        Assert.InRange(lease.Ksm.SavedPages, 9_500, long.MaxValue);
        Assert.DoesNotContain("somebody else changed", daemon.Log, StringComparison.Ordinal);
        Assert.Equal(0, daemon.End("TERM"));
    }

    /// <summary>Nothing has opted in, or nothing of it is worth merging: both are ends, and nobody waits for more.</summary>
    [Fact]
    public void The_wait_ends_where_there_is_nothing_to_merge()
    {
        using var lease = KsmdLease.Take();
        using var daemon = new ServeProcess(_directory);
        daemon.Expect("READY=1");
        var waited = daemon.Ask("status", "--wait", "--timeout", "100s");
        Assert.True(waited.Status == 0, waited.Output + waited.Errors);
        Assert.Equal(0, daemon.End("TERM"));
    }

    /// <summary>What lies there would be taken for a daemon by those who may not connect.</summary>
    [Fact]
    public void A_socket_of_one_that_was_killed_is_removed()
    {
        string[] putBack = ["serve", "--put-back", "--state", Path.Combine(_directory, "state"), "--run", Path.Combine(_directory, "run")];
        using var lease = KsmdLease.Take();
        using (var killed = new ServeProcess(_directory))
        {
            killed.Expect("READY=1");
            Assert.Equal(0, SamepageCommand.Run(putBack).Status);
            Assert.True(File.Exists(killed.Control), "that of one that lives is left alone");
            Assert.NotEqual(0, killed.End("KILL"));
            Assert.True(File.Exists(killed.Control));
            Assert.Equal(0, SamepageCommand.Run(putBack).Status);
            Assert.False(File.Exists(killed.Control));
        }
    }

    [Fact]
    public void A_dry_run_changes_nothing()
    {
        using var lease = KsmdLease.Take();
        var before = lease.Settings();
        Write("[[rule]]\nname = \"holders\"\nmatch = { comm = '^holder$' }\nengine = \"kernel\"\n");
        using var daemon = new ServeProcess(_directory, Holders(1, "region") + Holders(1, "none"), "--dry-run");
        daemon.Expect("READY=1");
        daemon.Until(() => daemon.Log.Contains("would order: ksmd scans", StringComparison.Ordinal) && daemon.Log.Contains("would be switched on", StringComparison.Ordinal), "what it would do");
        Assert.Equal(before, lease.Settings());
        Assert.False(Directory.Exists(Path.Combine(_directory, "state")));
        Assert.Equal(0, daemon.End("TERM"));
    }

    [Fact]
    public void Names_are_those_of_the_policy_and_health_is_told_whoever_holds_connections()
    {
        Write("[server]\nhosts = [\"samepage.example.org\"]\n");
        using var daemon = new ServeProcess(_directory, "", "--dry-run");
        daemon.Expect("READY=1");
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.MisdirectedRequest), (Named(daemon, "samepage.example.org"), Named(daemon, "myhost")));
        Write("[server]\nhosts = [\"myhost\"]\n");
        Tool.Signal(daemon.Pid, "HUP");
        daemon.Expect("RELOADING=1");
        daemon.Expect("READY=1");
        Assert.Equal((HttpStatusCode.MisdirectedRequest, HttpStatusCode.OK), (Named(daemon, "samepage.example.org"), Named(daemon, "myhost")));

        var idle = Enumerable.Range(0, 40).Select(_ => new TcpClient("127.0.0.1", daemon.Port)).ToList();
        daemon.Until(() => IsHealthy(daemon), "health by HTTP", seconds: 5);
        Assert.Equal((0, "ok\n", ""), daemon.Ask("status", "--daemon"));
        Assert.Equal(2, daemon.Ask("status", "--daemon", "--json").Status);
        idle.ForEach(client => client.Dispose());
        Assert.Equal(0, daemon.End("TERM"));
        Assert.Equal(1, daemon.Ask("status", "--daemon").Status);
    }

    /// <summary>Who lost its place to another needs a moment to be gone.</summary>
    private static bool IsHealthy(ServeProcess daemon)
    {
        try
        {
            return daemon.Get("/healthz").Status == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static HttpStatusCode Named(ServeProcess daemon, string host)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"http://127.0.0.1:{daemon.Port}/healthz"));
        request.Headers.Host = host;
        return client.Send(request).StatusCode;
    }

    [Fact]
    public void A_storm_of_processes_costs_bounded_memory_and_CPU()
    {
        using var lease = KsmdLease.Take();
        Write("[[rule]]\nname = \"true\"\nmatch = { command_line = '^nothing is called so$' }\nengine = \"kernel\"\n");
        using var daemon = new ServeProcess(_directory, "(sleep 1; i=0; while [ $i -lt 5000 ]; do /bin/true & i=$((i+1)); done; wait; echo >/dev/null) &");
        daemon.Expect("READY=1");
        var start = Cost(daemon.Pid);
        Thread.Sleep(8000);
        var end = Cost(daemon.Pid);
        Assert.True(end.ResidentBytes < 40L << 20, $"{end.ResidentBytes} bytes resident");
        Assert.True(end.CpuSeconds - start.CpuSeconds < 0.8, $"{end.CpuSeconds - start.CpuSeconds} s of CPU in 8 s");
        Assert.Equal(0, daemon.End("TERM"));
    }

    [Fact]
    public void What_cannot_be_had_is_said_in_one_line()
    {
        using var lease = KsmdLease.Take();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var taken = $"127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";
        string[] own = ["--state", $"{_directory}/state", "--run", $"{_directory}/run"];
        AssertRefused(1, $"^samepage: HTTP cannot listen on {taken}: .*\n$", [.. own, "--listen", taken]);
        AssertRefused(2, "^samepage: --listen wants an address and a port, .*\n$", [.. own, "--listen", "localhost"]);
        AssertRefused(2, "^samepage: --host-proc wants the host's /proc, .*\n$", [.. own, "--host-proc", _directory]);
        Write("[server]\nlisten = 7\n");
        AssertRefused(2, $"^samepage: {_directory}/samepage.toml:2:10: .*\n$", [.. own, "--config", _directory]);
        var (status, _, errors) = SamepageCommand.RunAsNobody("serve", "--run", "/tmp", "--state", "/tmp");
        Assert.Equal(4, status);
        Assert.Matches("^samepage: ksmd's settings may not be changed .*\n$", errors);
    }

    private static void AssertRefused(int status, string pattern, params IEnumerable<string> options)
    {
        var run = Tool.Run("timeout", ["20", SamepageCommand.Executable, "serve", .. options]);
        Assert.Matches(pattern, run.Errors);
        Assert.Equal(status, run.Status);
    }

    private static void AssertVerbs(ServeProcess daemon)
    {
        var status = JsonDocument.Parse(daemon.Ask("status", "--json").Output).RootElement.GetProperty("daemon");
        Assert.Equal("samepage.serve/1", status.GetProperty("schema").GetString());
        Assert.False(status.GetProperty("guard").GetProperty("growth_held").GetBoolean());
        Assert.Matches("(?m)^daemon +process 1; ", daemon.Ask("status").Output);
        Assert.Matches("(?m)governor: host: (works|waits)", daemon.Ask("explain", "host").Output.ReplaceLineEndings(" "));
        var explained = JsonDocument.Parse(daemon.Ask("explain", "host", "--json").Output).RootElement;
        Assert.NotEqual(0, explained.GetProperty("decisions").GetArrayLength());
        Assert.Equal(0, daemon.Ask("admit", "--size", "64M").Status);
        Assert.Equal(2, daemon.Ask("explain", "hosts").Status);
        for (var i = 0; i < 50; i++)
        {
            using var garbage = PacketSocket.Connect(daemon.Control);
            try
            {
                _ = garbage.TrySend(new byte[1 + (i * 7 % 400)]);
            }
            catch (LinuxException turnedAway) when (turnedAway.Errno == Errno.EPIPE)
            {
                // So many at once may be turned away before they have said anything.
            }
        }

        Assert.Equal(0, daemon.Ask("status", "--json").Status);
    }

    private static void AssertHttp(ServeProcess daemon)
    {
        Assert.Equal((HttpStatusCode.OK, "ok\n"), daemon.Get("/healthz"));
        Assert.Contains("\"schema\": \"samepage.serve/1\"", daemon.Get("/api/v1/status").Text, StringComparison.Ordinal);
        Assert.Contains("\"who\": \"governor\"", daemon.Get("/api/v1/decisions?about=host").Text, StringComparison.Ordinal);
        Assert.Equal("3.1.0", JsonDocument.Parse(daemon.Get("/openapi.json").Text).RootElement.GetProperty("openapi").GetString());
        var random = new Random(1);
        for (var i = 0; i < 30; i++)
        {
            using var client = new TcpClient("127.0.0.1", daemon.Port);
            var garbage = new byte[2000];
            random.NextBytes(garbage);
            client.GetStream().Write(garbage);
        }

        var metrics = daemon.Get("/metrics").Text;
        Assert.Contains("\nsamepage_saved_bytes ", metrics, StringComparison.Ordinal);
        var promtool = Environment.GetEnvironmentVariable("SAMEPAGE_PROMTOOL") ?? "/usr/bin/promtool";
        if (!File.Exists(promtool))
        {
            TestContext.Current.AddWarning("promtool (apt package prometheus) is missing: metrics were not linted");
            return;
        }

        var file = Path.Combine(daemon.Directory, "metrics");
        File.WriteAllText(file, metrics);
        var lint = Tool.Run("sh", "-c", "\"$0\" check metrics <\"$1\"", promtool, file);
        Assert.Equal((0, "", ""), lint);
    }

    private static void AssertSecondIsRefused(ServeProcess daemon)
    {
        var second = Tool.Run(SamepageCommand.Executable, ["serve", "--state", $"{daemon.Directory}/state", "--run", $"{daemon.Directory}/run"]);
        Assert.Equal(1, second.Status);
        Assert.Matches("^samepage: another samepage serves already .*\n$", second.Errors);

        // What it would find, and put back at its end, are the first one's values: other directories are no way around that.
        var elsewhere = Tool.Run(SamepageCommand.Executable, ["serve", "--state", $"{daemon.Directory}/other-state", "--run", $"{daemon.Directory}/other-run", "--listen", "off"]);
        Assert.Equal(1, elsewhere.Status);
        Assert.Matches("^samepage: another samepage holds ksmd's settings, .*\n$", elsewhere.Errors);
    }

    /// <summary>Programs that hold 10,000 equal pages each, for a minute at most.</summary>
    private static string Holders(int count, string optIn) => string.Concat(Enumerable.Repeat(
        $" (echo fill 1; sleep 600) | {TargetProgram.Compile("holder")} {optIn} 10000 10000 >/dev/null & ", count));

    private static Func<IReadOnlyList<int>> Descendants(int root) => () =>
    {
        var found = new List<int> { root };
        for (var i = 0; i < found.Count; i++)
        {
            try
            {
                found.AddRange(File.ReadAllText($"/proc/{found[i]}/task/{found[i]}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse));
            }
            catch (IOException)
            {
                // It has ended.
            }
        }

        return found;
    };

    private static bool IsOptedIn(int pid) => KsmStat.TryRead(new ProcFs(), pid) is { MergeAny: true };

    private static string? Name(int pid) => new ProcFs().TryRead(pid, "comm")?.Trim();

    private static (double CpuSeconds, long ResidentBytes) Cost(int pid) =>
        (ProcessStat.TryRead(new ProcFs(), pid)!.CpuSeconds, ProcessStatus.TryRead(new ProcFs(), pid)!.ResidentBytes);

    private void Write(string policy) => File.WriteAllText(Path.Combine(_directory, "samepage.toml"), policy);
}
