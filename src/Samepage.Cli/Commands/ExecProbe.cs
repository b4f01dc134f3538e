using System.CommandLine;
using System.Diagnostics;
using Samepage.Linux;

namespace Samepage.Cli.Commands;

/// <summary>
/// Finds out whether a program keeps the opt-in when another one is executed in its place: kernels differ. This
/// program is started once more with the opt-in set, and says what it has of it.
/// </summary>
internal static class ExecProbe
{
    private const string Name = "probe-exec";

    /// <summary>The hidden verb that the second program runs: exit status 0 where it is opted in.</summary>
    public static Command Create()
    {
        var command = new Command(Name, "Says whether this process is opted in") { Hidden = true };
        command.SetVerb((_, _) => MemoryMerge.IsOptedIn == true ? ExitCode.Done : ExitCode.Missing);
        return command;
    }

    /// <summary>Whether the opt-in, which the calling process must have, outlives an exec.</summary>
    public static bool KeepsOptIn()
    {
        using var probe = Process.Start(SelfProcess.With([Name]))!;
        probe.WaitForExit();
        return probe.ExitCode == ExitCode.Done;
    }
}
