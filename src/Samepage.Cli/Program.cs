using System.CommandLine;
using Samepage.Cli.Commands;
using Samepage.Linux;
using Samepage.Linux.Probes;

namespace Samepage.Cli;

/// <summary>The entry point: one file in Commands/ for each verb.</summary>
internal static class Program
{
    private static int Main(string[] arguments)
    {
        StandardStreams.FillGaps();
        if (arguments is [DoctorCommand.ExitStatusArgument])
        {
            return MergeProbe.ExitStatus();
        }

        var root = new RootCommand("Same-page merging for Linux: find identical pages, merge them, keep the host safe.")
        {
            DemoCommand.Create(),
            DoctorCommand.Create(),
            EstimateCommand.Create(),
            StatusCommand.Create(),
            TopCommand.Create(),
            RunCommand.Create(),
            EnableCommand.Create(),
            DisableCommand.Create(),
            UnmergeCommand.Create(),
        };
        var parsed = root.Parse(arguments);
        var code = parsed.Invoke(new InvocationConfiguration { ProcessTerminationTimeout = null });
        return parsed.Errors.Count > 0 ? ExitCode.Usage : code;
    }
}
