using System.CommandLine;
using System.CommandLine.Parsing;
using System.Diagnostics;
using Samepage.Cli.Rendering;
using Samepage.Governing;
using Samepage.Guarding;
using Samepage.Linux.Proc;
using Samepage.Linux.Sys;
using Samepage.Merging.User;
using Samepage.Merging.User.Keeping;
using Samepage.Server.Control;
using Samepage.Server.Loop;
using Samepage.Targets;
using Spectre.Console;

namespace Samepage.Cli.Commands;

/// <summary><c>samepage status</c>: what merging does, for whom, at what cost, and whether it is done.</summary>
internal static class StatusCommand
{
    /// <summary>A process that opted in and has nothing that could merge is never looked at: nobody waits for it for ever.</summary>
    private const int NewcomerRounds = 5;

    /// <summary>The same beside a daemon, which notices everybody within this time and leaves small newcomers to its next patrol.</summary>
    private static readonly TimeSpan s_newcomerPatience = TimeSpan.FromSeconds(30);

    /// <summary>On a host that is short of memory an answer may be late; whoever says nothing for so long is no daemon to wait for.</summary>
    private static readonly TimeSpan s_silencePatience = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan s_lookEvery = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_askEvery = TimeSpan.FromMilliseconds(500);
    private static readonly Option<bool> s_json = new("--json") { Description = "Write JSON instead of text" };
    private static readonly Option<string?> s_interval = new("--interval") { Description = "Watch for this long first (500ms, 2s, 1m): what ksmd spends is then of now", HelpName = "TIME" };
    private static readonly Option<string?> s_domain = DomainOption.Create("Only this domain of the user engine");
    private static readonly Option<bool> s_wait = new("--wait") { Description = "Wait until merging has converged" };
    private static readonly Option<bool> s_daemon = new("--daemon") { Description = "Ask a running daemon whether it goes on turning, and nothing else; exit 1 if it does not" };
    private static readonly Option<string?> s_timeout = new("--timeout") { Description = "Wait no longer than this; exit 1 if it has not converged by then", HelpName = "TIME" };

    public static Command Create()
    {
        var command = new Command("status", "Say what merging saves, for whom, what ksmd spends and whether it has converged.");
        var targets = new TargetOptions().AddTo(command);
        foreach (var option in new Option[] { s_domain, s_interval, s_wait, s_timeout, s_daemon, s_json })
        {
            command.Options.Add(option);
        }

        Manual.Add(
            command,
            "First coverage: whether all merged pages could break at once. Then what is saved, the profit after the kernel's bookkeeping, what ksmd spends, and whether merging has converged: enough full scans without growth, as far as they were watched, or beside a daemon its word. Without targets all processes with merged pages are listed. Domains of the user engine follow.",
            "--daemon is for the probes of containers and the like: it asks over the control socket, which no client of HTTP can fill, and looks at nothing else.",
            "Exit status: 0 done; 1 with --wait: it had not converged by --timeout, or ksmd stands still without a daemon, with --daemon: none answers, or it has not turned for 30 seconds; 2 a bad value; 3 this kernel has no KSM; 4 not permitted; 5 no process matches, or the domain has no keeper.");
        command.SetVerb((parsed, cancel) => Run(parsed, targets, cancel));
        return command;
    }

    private static int Run(ParseResult parsed, TargetOptions targetOptions, CancellationToken cancel)
    {
        if (parsed.GetValue(s_daemon))
        {
            return parsed.CommandResult.Children.OfType<OptionResult>().Count(given => !given.Implicit) == 1 ? AskDaemon() : throw new CommandFailure(ExitCode.Usage, "--daemon goes alone");
        }

        var interval = Time("--interval", parsed.GetValue(s_interval));
        var timeout = Time("--timeout", parsed.GetValue(s_timeout));
        var isWait = parsed.GetValue(s_wait);
        if (timeout is not null && !isWait)
        {
            throw new CommandFailure(ExitCode.Usage, "--timeout goes with --wait");
        }

        var domain = DomainOption.Value(parsed, s_domain);
        var domains = DomainQuery.AskAll(domain, DomainOption.TellSilent);
        if (domain is not null && domains.Count == 0)
        {
            throw new CommandFailure(ExitCode.TargetUnsuitable, $"domain {domain} has no keeper that can be seen from here");
        }

        if (domain is not null && !isWait && !parsed.GetValue(s_json))
        {
            DomainText.Write(ConsoleText.StandardOutput(), domains);
            return ExitCode.Done;
        }

        var ksm = new KsmSysfs();
        if (!ksm.Exists && (domains.Count == 0 || isWait))
        {
            throw new CommandFailure(ExitCode.Missing, "this kernel has no KSM; 'samepage doctor' says more");
        }

        var proc = new ProcFs();
        var isNamed = !targetOptions.Query(parsed).IsEmpty;
        var targets = isNamed ? targetOptions.Resolve(parsed, proc) : null;
        var waiter = new ConvergenceWaiter(ksm);
        var reader = new MergingReader(proc, ksm);
        var verdict = isWait ? Wait(ksm, reader, waiter, timeout, cancel) : null;
        Show(reader, proc, targets, domains, interval, waiter.Memory, parsed.GetValue(s_json), cancel);
        return verdict is null || verdict.State == Convergence.Converged
            ? ExitCode.Done
            : throw new CommandFailure(ExitCode.Failed, $"merging has not converged: {verdict.Reason}");
    }

    private static int AskDaemon()
    {
        var path = ControlSocket.DefaultPath
            ?? throw new CommandFailure(ExitCode.Failed, $"there is no place where a daemon of this user would listen; name its socket in {ControlSocket.Variable}");
        var health = ControlQuery.Health(path);
        if (health != "ok")
        {
            throw new CommandFailure(ExitCode.Failed, $"the daemon does not turn: {health}");
        }

        Console.Out.WriteLine(health);
        return ExitCode.Done;
    }

    private static TimeSpan? Time(string option, string? text) => text is null ? null : DurationText.Parse(option, text);

    private static ConvergenceVerdict Wait(
        KsmSysfs ksm, MergingReader reader, ConvergenceWaiter waiter, TimeSpan? timeout, CancellationToken cancel)
    {
        if (DaemonQuery.FindDriver(out var isSilent) is not null || isSilent)
        {
            return WaitForDaemon(ksm, reader, timeout, cancel);
        }

        if (!ksm.IsRunning)
        {
            throw new CommandFailure(ExitCode.Failed, "ksmd stands still, so there is nothing to wait for; 'samepage enable' starts it");
        }

        void Tell(ConvergenceSample sample, ConvergenceVerdict now) => Progress(sample.SavedPages * 4096, now.Reason);

        // The counters say nothing of a process that ksmd has yet to look at: it gets a few passes more.
        var clock = Stopwatch.StartNew();
        var verdict = waiter.Wait(timeout, Tell, cancel);
        for (var more = 0; more < NewcomerRounds && verdict.State == Convergence.Converged && reader.ReadProcesses(null).HasUnscanned; more++)
        {
            verdict = waiter.Wait(timeout - clock.Elapsed, Tell, cancel);
        }

        EndProgress();
        return verdict;
    }

    /// <summary>Beside a daemon ksmd makes no passes that would prove anything: its governor must have looked since, and know of nothing.</summary>
    private static ConvergenceVerdict WaitForDaemon(KsmSysfs ksm, MergingReader reader, TimeSpan? timeout, CancellationToken cancel)
    {
        var (clock, begun, idleSince, heardAt) = (Stopwatch.StartNew(), DateTimeOffset.UtcNow, (TimeSpan?)null, TimeSpan.Zero);
        while (true)
        {
            var daemon = DaemonQuery.FindDriver(out var isSilent);
            if (daemon is null && (!isSilent || clock.Elapsed - heardAt >= s_silencePatience))
            {
                throw new CommandFailure(ExitCode.Failed, isSilent
                    ? "a daemon that drives ksmd gives this user no answer; wait as root, or see 'systemctl status samepage'"
                    : "the daemon has ended, and ksmd was its to drive; 'systemctl status samepage' says more");
            }

            if (daemon is not null && daemon.Governor.SettingsLeftAlone.Contains("run") && !ksm.IsRunning)
            {
                throw new CommandFailure(ExitCode.Failed, "ksmd stands still because somebody else insisted on it (wrote run twice); 'systemctl reload samepage' has the daemon take it up again");
            }

            heardAt = daemon is null ? heardAt : clock.Elapsed;
            idleSince = daemon is not null && DaemonQuery.IsIdle(daemon) && daemon.TakenAt > begun ? idleSince ?? clock.Elapsed : null;
            var isDone = idleSince is { } since && (clock.Elapsed - since >= s_newcomerPatience || reader.ReadProcesses(null) is { HasUnscanned: false, HasUnscannedRegions: false });
            var verdict = isDone
                ? new ConvergenceVerdict(Convergence.Converged, DaemonQuery.NothingToMerge, 0, 0)
                : new ConvergenceVerdict(Convergence.Growing, daemon is null ? "the daemon is slow to answer" : $"the daemon: {daemon.Governor.Reason}", 0, 0);
            Progress(daemon?.Host.SavedBytes ?? ksm.SavedPages * 4096, verdict.Reason);
            if (isDone || (timeout is { } most && clock.Elapsed >= most) || cancel.WaitHandle.WaitOne(s_askEvery))
            {
                EndProgress();
                return verdict;
            }
        }
    }

    /// <summary>On the terminal, in one line that the next one replaces.</summary>
    private static void Progress(long savedBytes, string reason)
    {
        if (!Console.IsErrorRedirected)
        {
            Console.Error.Write($"\r\e[K{Readable.Size(savedBytes)} saved; {reason}");
        }
    }

    private static void EndProgress()
    {
        if (!Console.IsErrorRedirected)
        {
            Console.Error.Write("\r\e[K");
        }
    }

    /// <summary>
    /// One look knows nothing of growth: it goes on from what the last command saw, and leaves what it saw to the next.
    /// What a wait came to know is younger than either.
    /// </summary>
    private static void Show(
        MergingReader reader, ProcFs proc, IReadOnlyList<TargetProcess>? targets, IReadOnlyList<DomainReport> domains, TimeSpan? interval,
        ConvergenceMemory? waited, bool isJson, CancellationToken cancel)
    {
        var store = new ObservationStore(ObservationStore.DefaultDirectory(), proc);
        var earlier = store.TryRead();
        var tracker = new ConvergenceTracker(waited ?? earlier?.Memory);
        var (cpuBefore, before) = (earlier?.KsmdCpuSeconds, earlier?.Memory.Last.TakenAt ?? default);
        if (interval is { } time)
        {
            var first = reader.ReadHost();
            (cpuBefore, before) = (first.KsmdCpuSeconds, first.Sample.TakenAt);
            Watch(reader, tracker, before + time, cancel);
        }

        var host = reader.ReadHost();
        var everybody = reader.ReadProcesses(null);
        var survey = targets is null ? everybody : reader.ReadProcesses(targets);
        var daemon = DaemonQuery.Find(out _);
        var verdict = DaemonQuery.Beside(daemon, tracker.Observe(host.Sample with { HasUnscannedProcess = everybody.HasUnscanned }), everybody.HasUnscanned);
        store.TryWrite(new Observation(tracker.Memory!, host.KsmdCpuSeconds));
        Write(host, reader.TryReadCoverage(domains), survey, verdict, KsmdPace.Between(cpuBefore, before, host), domains, daemon, isJson);
    }

    private static void Watch(MergingReader reader, ConvergenceTracker tracker, DateTimeOffset until, CancellationToken cancel)
    {
        while (DateTimeOffset.UtcNow < until && !cancel.IsCancellationRequested)
        {
            tracker.Observe(reader.ReadHost().Sample);
            var left = until - DateTimeOffset.UtcNow;
            cancel.WaitHandle.WaitOne(left < s_lookEvery ? (left > TimeSpan.Zero ? left : TimeSpan.Zero) : s_lookEvery);
        }
    }

    private static void Write(
        HostMerging host, HostCoverage? coverage, ProcessSurvey survey, ConvergenceVerdict verdict, KsmdPace? pace, IReadOnlyList<DomainReport> domains,
        DaemonStatus? daemon, bool isJson)
    {
        if (isJson)
        {
            Console.Out.Write(StatusJson.From(host, coverage, survey, verdict, pace, domains, daemon).ToText());
            return;
        }

        var console = ConsoleText.StandardOutput();
        StatusText.WriteHost(console, host, coverage, verdict, pace);
        DaemonText.Write(console, daemon);
        if (survey.Shown.Count > 0)
        {
            console.WriteLine();
            StatusText.WriteProcesses(console, survey.Shown);
        }

        if (StatusText.Rest(survey) is { } rest)
        {
            console.WriteLine();
            console.WriteParagraph(rest + ".");
        }

        DomainText.Write(console, domains);
    }
}
