using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Samepage.Cli;

/// <summary>Starts this very program once more.</summary>
internal static class SelfProcess
{
    /// <summary>How to start it with other arguments; output goes where ours goes unless the caller redirects it.</summary>
    public static ProcessStartInfo With(IEnumerable<string> arguments)
    {
        // A framework-dependent build runs inside the dotnet host, which wants to be told what to run.
        IEnumerable<string> program = RuntimeFeature.IsDynamicCodeSupported
            ? [Path.Combine(AppContext.BaseDirectory, "Samepage.Cli.dll")]
            : [];
        return new ProcessStartInfo(Environment.ProcessPath!, program.Concat(arguments));
    }

    /// <summary>The arguments that this process was given.</summary>
    public static IEnumerable<string> OwnArguments => Environment.GetCommandLineArgs().Skip(1);
}
