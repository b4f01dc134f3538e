using System.CommandLine;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Samepage.Cli.Rendering;
using Samepage.Governing;
using Samepage.Linux;
using Samepage.Linux.Proc;
using Samepage.Linux.Sys;
using Samepage.Merging.User;

namespace Samepage.Cli.Commands;

/// <summary><c>samepage top</c>: the same as status, live.</summary>
internal static class TopCommand
{
    private static readonly Option<string?> s_interval = new("--interval") { Description = "Time between two looks (default: 2s)", HelpName = "TIME" };
    private static readonly Option<string?> s_domain = DomainOption.Create("Only this domain of the user engine");

    public static Command Create()
    {
        var command = new Command("top", "Watch merging live: host and processes, sortable by keys; q quits.");
        var targets = new TargetOptions().AddTo(command);
        command.Options.Add(s_interval);
        command.Options.Add(s_domain);
        Manual.Add(
            command,
            "Keys: s saved, p profit, m merged, z zero, n name, i pid, r reverses, q quits. It needs a terminal; 'samepage status --interval 2s' is for pipes and files.",
            "Exit status: 0 quit; 1 the terminal went away; 2 this is no terminal, or a bad value; 3 this kernel has no KSM and no domain is there; 5 no process matches.");
        command.SetVerb((parsed, cancel) => Run(parsed, targets, cancel));
        return command;
    }

    private static int Run(ParseResult parsed, TargetOptions targetOptions, CancellationToken cancel)
    {
        var interval = parsed.GetValue(s_interval) is { } text ? DurationText.Parse("--interval", text) : TimeSpan.FromSeconds(2);
        if (!OperatingSystem.IsLinux() || !Terminal.IsAvailable)
        {
            throw new CommandFailure(ExitCode.Usage, "top needs a terminal; 'samepage status --interval 2s' writes the same to a file or pipe");
        }

        var ksm = new KsmSysfs();
        var domain = DomainOption.Value(parsed, s_domain);
        if (!ksm.Exists && DomainQuery.AskAll(domain).Count == 0)
        {
            throw new CommandFailure(ExitCode.Missing, "this kernel has no KSM; 'samepage doctor' says more");
        }

        var proc = new ProcFs();
        var query = targetOptions.Query(parsed);
        if (!query.IsEmpty)
        {
            // What was named and is not there is said before the screen changes.
            _ = targetOptions.Resolve(parsed, proc);
        }

        Watch(new TopScreen(proc, new MergingReader(proc, ksm), query, () => DomainQuery.AskAll(domain), () => DaemonQuery.Find(out _)), interval, cancel);
        return ExitCode.Done;
    }

    [SupportedOSPlatform("linux")]
    private static void Watch(TopScreen screen, TimeSpan interval, CancellationToken cancel)
    {
        using var terminal = new Terminal();
        using var resized = PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => terminal.Wake());
        using var ended = cancel.Register(terminal.Wake);
        try
        {
            var next = TimeProvider.System.GetTimestamp();
            while (!cancel.IsCancellationRequested && !screen.IsClosed)
            {
                var left = interval - TimeProvider.System.GetElapsedTime(next);
                if (!screen.HasLooked || left <= TimeSpan.Zero)
                {
                    next = TimeProvider.System.GetTimestamp();
                    left = interval;
                    screen.Look();
                }

                var (columns, rows) = Terminal.Size;
                terminal.Draw(screen.Lines(columns, rows));
                screen.Press(terminal.WaitForKeys(left));
            }
        }
        catch
        {
            // An exception that nobody catches ends the process without unwinding: the terminal comes first.
            terminal.Dispose();
            throw;
        }
    }
}
