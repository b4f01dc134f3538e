using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Samepage.Cli;

/// <summary>Starts this very program once more.</summary>
internal static class SelfProcess
{
    /// <summary>The command line that runs it with other arguments, the executable first.</summary>
    public static string[] Command(params IEnumerable<string> arguments)
    {
        // A framework-dependent build runs inside the dotnet host, which wants to be told what to run.
        IEnumerable<string> assembly = RuntimeFeature.IsDynamicCodeSupported
            ? [Path.Combine(AppContext.BaseDirectory, "Samepage.Cli.dll")]
            : [];
        return [Environment.ProcessPath!, .. assembly, .. arguments];
    }

    /// <summary>How to start it with the arguments of this process; output goes where ours goes.</summary>
    public static ProcessStartInfo Again()
    {
        var command = Command(Environment.GetCommandLineArgs().Skip(1));
        return new ProcessStartInfo(command[0], command.Skip(1));
    }
}
