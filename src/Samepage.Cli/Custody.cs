using System.Diagnostics;
using System.Globalization;
using Samepage.Linux;
using Samepage.Linux.Proc;

namespace Samepage.Cli;

/// <summary>
/// Runs a verb that stops other processes in a process of its own, out of the way of what ends commands: Ctrl-C, the
/// end of the terminal, a kill of the command that the user sees. A tracer that is killed in the wrong ten microseconds
/// leaves its target with wrong registers (Injector.cs), so the one that traces must be one that nobody kills. When the
/// command in front ends, however that comes, the one behind finishes the process it is at, and stops.
/// </summary>
internal static class Custody
{
    /// <summary>Names the command in front by its number and its start, which nothing else can have at the same time.</summary>
    private const string Marker = "SAMEPAGE_CUSTODY";

    /// <summary>The command in front, which is a part of this one and no target; null in that command itself.</summary>
    public static int? Front { get; private set; }

    /// <summary>Runs the verb, or starts the process that runs it and waits for its answer.</summary>
    public static int Run(Func<CancellationToken, int> verb, CancellationToken cancel)
    {
        var marker = Environment.GetEnvironmentVariable(Marker);
        Environment.SetEnvironmentVariable(Marker, null);
        if (marker is null || !IsName(marker))
        {
            return InFront(cancel);
        }

        Front = Own().ParentPid;
        if (NameOf(ProcessStat.TryRead(new ProcFs(), Front.Value)) != marker)
        {
            throw new CommandFailure(ExitCode.Failed, "the command in front has ended before the work began; nothing was done");
        }

        Session.Leave();
        BeSpared();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        WatchFront(stop);
        return verb(stop.Token);
    }

    /// <summary>Makes this process the one in front of a command that is yet to start: when its standard input ends, it stops.</summary>
    public static ProcessStartInfo Behind(ProcessStartInfo start)
    {
        start.RedirectStandardInput = true;
        start.Environment[Marker] = NameOf(Own());
        return start;
    }

    private static int InFront(CancellationToken cancel)
    {
        using var behind = Process.Start(Behind(SelfProcess.Again()))!;
        using var onCancel = cancel.Register(behind.StandardInput.Close);
        behind.WaitForExit();
        return behind.ExitCode < 128
            ? behind.ExitCode
            : throw new CommandFailure(
                ExitCode.Failed, $"the process that traced was killed by signal {behind.ExitCode - 128}; the target it was at may have been disturbed");
    }

    private static ProcessStat Own() => ProcessStat.Parse(KernelFile.ReadText("/proc/self/stat"));

    private static string NameOf(ProcessStat? process) =>
        string.Create(CultureInfo.InvariantCulture, $"{process?.Pid}:{process?.StartTicks}");

    /// <summary>What somebody may have set by accident is not of this form.</summary>
    private static bool IsName(string marker) => marker.Split(':') is [var pid, var start]
        && int.TryParse(pid, NumberStyles.None, CultureInfo.InvariantCulture, out _)
        && long.TryParse(start, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    /// <summary>Asks the OOM killer to look elsewhere, where the caller may ask for that.</summary>
    private static void BeSpared()
    {
        try
        {
            KernelFile.WriteText("/proc/self/oom_score_adj", "-1000");
        }
        catch (LinuxException)
        {
            // Needs CAP_SYS_RESOURCE; without it this process is as good a victim as any.
        }
    }

    /// <summary>Nothing is ever written into the pipe: its end says that the command in front has ended or is to end.</summary>
    private static void WatchFront(CancellationTokenSource stop)
    {
        var input = Console.OpenStandardInput();
        var watcher = new Thread(() =>
        {
            while (input.ReadByte() >= 0)
            {
                // Whatever somebody typed means nothing here.
            }

            try
            {
                stop.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // The verb was done first.
            }
        })
        { IsBackground = true, Name = "custody" };
        watcher.Start();
    }
}
