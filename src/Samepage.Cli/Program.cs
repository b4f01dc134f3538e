using System.CommandLine;
using System.CommandLine.Help;
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

        return Invoke(CreateRoot(), arguments);
    }

    /// <summary>All verbs, with all that help, manual pages, completions and tests know of them.</summary>
    internal static RootCommand CreateRoot()
    {
        var root = new RootCommand("Same-page merging for Linux: find identical pages, merge them, keep the host safe.")
        {
            DemoCommand.Create(),
            DoctorCommand.Create(),
            EstimateCommand.Create(),
            StatusCommand.Create(),
            ExplainCommand.Create(),
            TopCommand.Create(),
            ScenarioCommand.Create(),
            PlanCommand.Create(),
            AdmitCommand.Create(),
            CheckConfigCommand.Create(),
            MigrateCommand.Create(),
            ServeCommand.Create(),
            HistoryCommand.Create(),
            RecordCommand.Create(),
            ReplayCommand.Create(),
            RunCommand.Create(),
            EnableCommand.Create(),
            DisableCommand.Create(),
            UnmergeCommand.Create(),
            KeeperCommand.Create(),
            ManCommand.Create(),
            CompletionsCommand.Create(),
        };
        return root;
    }

    private static int Invoke(RootCommand root, string[] arguments)
    {
        if (arguments.Length == 0)
        {
            _ = root.Parse("--help").Invoke();
            return ExitCode.Usage;
        }

        // No response files: an argument that begins with @ is an argument.
        var parsed = root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        return parsed.Errors is [var error, ..] && parsed.Action is not (HelpAction or Manual)
            ? VerbRunner.Fail(ExitCode.Usage, UsageError(parsed, error.Message))
            : parsed.Invoke(new InvocationConfiguration { ProcessTerminationTimeout = null });
    }

    /// <summary>The first of what is wrong, on one line, with the way to the help; the parser's type names stay out.</summary>
    private static string UsageError(ParseResult parsed, string message)
    {
        if (parsed.UnmatchedTokens is [var token, ..])
        {
            message = $"'{token}' is not known";
        }

        var typeName = message.IndexOf(" as expected type", StringComparison.Ordinal);
        var verb = parsed.CommandResult.Command is RootCommand ? "" : $" {parsed.CommandResult.Command.Name}";
        return $"{(typeName < 0 ? message : message[..typeName]).TrimEnd('.')}; see 'samepage{verb} --help'";
    }
}
