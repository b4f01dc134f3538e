using System.CommandLine;
using Samepage.Cli.Rendering;
using Samepage.Governing;
using Samepage.Guarding.Swapping;
using Samepage.Linux;
using Samepage.Policies;
using Samepage.Server.Http;
using Samepage.Server.Service;
using Samepage.Targets;

namespace Samepage.Cli.Commands;

/// <summary><c>samepage serve</c>: the daemon.</summary>
internal static class ServeCommand
{
    private static readonly Option<string?> s_config = new("--config") { Description = $"Read this policy, and conf.d/*.toml beside it, instead of {PolicyLoader.DefaultPath}; of a directory, samepage.toml in it", HelpName = "FILE|DIR" };
    private static readonly Option<bool> s_dryRun = new("--dry-run") { Description = "Act on nothing, and log what would be done" };
    private static readonly Option<string?> s_state = new("--state") { Description = "Keep settings found, swap and the like here (default: /var/lib/samepage)", HelpName = "DIR" };
    private static readonly Option<string?> s_run = new("--run") { Description = "Lock and control socket lie here (default: /run/samepage)", HelpName = "DIR" };
    private static readonly Option<string?> s_hostProc = new("--host-proc") { Description = "In a container: look for ksmd's thread, to know its CPU time, in the host's /proc as mounted here", HelpName = "DIR" };
    private static readonly Option<string?> s_listen = new("--listen") { Description = "Where HTTP listens, whatever the policy says: 127.0.0.1:7373, [::1]:7373, off", HelpName = "ADDR|off" };

    private static readonly Option<bool> s_putBack = new("--put-back") { Description = "Only put back settings of ksmd that a daemon which was killed has left changed, remove its control socket, and end" };

    public static Command Create()
    {
        var command = new Command("serve", "Govern the scan, guard the host, and show what happens (the daemon).") { s_config, s_dryRun, s_state, s_run, s_hostProc, s_listen, s_putBack };
        Manual.Add(
            command,
            "Runs in the foreground until SIGTERM or SIGINT, and logs one line for each decision on standard error. SIGHUP reads the policy anew; one that cannot be followed is refused with file and line, and the one before stays. Settings of ksmd that are changed are put back at the end or, after a crash, at the next start; what is merged stays merged.",
            "Ask it with 'samepage status', 'samepage explain host' and 'samepage explain PID', or by HTTP: the dashboard at /, /healthz, /metrics, /api/v1/status, /api/v1/decisions, /openapi.json.",
            "Exit status: 0 ended by a signal; 1 another daemon serves already, an address is taken, or something else went wrong; 2 the policy or an option will not do; 4 not permitted (run as root, or with --dry-run).");
        command.SetVerb(Run);
        return command;
    }

    private static int Run(ParseResult parsed, CancellationToken cancel)
    {
        if (parsed.GetValue(s_putBack))
        {
            return PutBack(parsed.GetValue(s_state) ?? StateDirectory.Default, parsed.GetValue(s_run) ?? ObservationStore.DefaultDirectory());
        }

        NativeHeap.UseOneArena();
        try
        {
            using var serving = new Serving(Options(parsed), ServiceLog.StandardError(), ServiceNotifier.FromEnvironment());
            RunToEnd(serving, cancel);
            return ExitCode.Done;
        }
        catch (PolicyException wrong)
        {
            throw new CommandFailure(ExitCode.Usage, wrong.Message);
        }
        catch (Exception held) when (held is DaemonHeldException or SettingsHeldException or SwapHeldException)
        {
            throw new CommandFailure(ExitCode.Failed, held.Message);
        }
        catch (UnauthorizedAccessException refused)
        {
            throw new CommandFailure(ExitCode.NotPermitted, $"{refused.Message}; run as root, or name other directories with --state and --run");
        }
    }

    /// <summary>For when no daemon starts again that would do it: the unit calls it at each stop, the package when it goes.</summary>
    private static int PutBack(string state, string? run)
    {
        foreach (var setting in SavedSettings.RestoreLeftBehind(new Linux.Sys.KsmSysfs(), state, new Linux.Proc.ProcFs()))
        {
            StandardError.Tell($"put back: {setting}");
        }

        if (run is not null)
        {
            Serving.RemoveLeftBehind(run);
        }

        return ExitCode.Done;
    }

    /// <summary>What nobody catches ends the process without unwinding: settings are put back first.</summary>
    private static void RunToEnd(Serving serving, CancellationToken cancel)
    {
        try
        {
            serving.Run(cancel);
        }
        catch
        {
            serving.Dispose();
            throw;
        }
    }

    private static ServeOptions Options(ParseResult parsed)
    {
        var isDry = parsed.GetValue(s_dryRun);
        var listen = parsed.GetValue(s_listen);
        if (listen is not (null or "off") && !HttpServer.IsAddress(listen))
        {
            throw new CommandFailure(ExitCode.Usage, $"--listen wants an address and a port, such as 127.0.0.1:7373 or [::1]:7373, or off; not '{Readable.Name(listen)}'");
        }

        var hostProc = parsed.GetValue(s_hostProc);
        if (hostProc is not null && !File.Exists(Path.Combine(hostProc, "meminfo")))
        {
            throw new CommandFailure(ExitCode.Usage, $"--host-proc wants the host's /proc, mounted where the daemon runs; {Readable.Name(hostProc)} holds no meminfo");
        }

        // The kernel is asked now, so that nobody finds out at the first order.
        var ksm = new Linux.Sys.KsmSysfs();
        if (!isDry && ksm.Exists && KernelFile.TryOpenForWriting($"{ksm.Root}/run") is not Errno.None and var errno)
        {
            throw new CommandFailure(ExitCode.NotPermitted, $"ksmd's settings may not be changed ({ksm.Root}/run: {errno}); run as root, or with --dry-run");
        }

        var loader = new PolicyLoader(new UserNames());
        var config = parsed.GetValue(s_config) is { } path && Directory.Exists(path) ? Path.Combine(path, "samepage.toml") : parsed.GetValue(s_config);
        return new ServeOptions
        {
            ReadPolicy = () => loader.Load(config),
            IsDryRun = isDry,
            StateDirectory = Path.GetFullPath(parsed.GetValue(s_state) ?? StateDirectory.Default),
            RunDirectory = Path.GetFullPath(parsed.GetValue(s_run) ?? ObservationStore.DefaultDirectory() ?? throw new CommandFailure(ExitCode.Usage, "there is no directory for sockets (XDG_RUNTIME_DIR is not set); name one with --run")),
            HostProc = hostProc,
            Listen = listen,
            Switch = new ProcessSwitch(),
            WhatIf = new WhatIf(),
        };
    }
}
