using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Samepage.Cli.Rendering;

namespace Samepage.Cli;

/// <summary>
/// The longer text of a verb: it stands below the options in the verb's own help, and not in the list of all verbs,
/// where one line has room.
/// </summary>
internal sealed class Manual : SynchronousCommandLineAction
{
    private readonly string[] _paragraphs;

    private Manual(string[] paragraphs) => _paragraphs = paragraphs;

    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <summary>Gives a verb its manual.</summary>
    public static void Add(Command command, params string[] paragraphs) =>
        command.Options.Add(new HelpOption { Action = new Manual(paragraphs) });

    /// <summary>The paragraphs of a verb's manual; none where it has no manual.</summary>
    public static IReadOnlyList<string> Of(Command command) =>
        command.Options.OfType<HelpOption>().Select(help => help.Action).OfType<Manual>().FirstOrDefault()?._paragraphs ?? [];

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        var status = new HelpAction().Invoke(parseResult);
        var console = ConsoleText.StandardOutput();
        foreach (var paragraph in _paragraphs)
        {
            console.WriteParagraph(paragraph);
            Console.Out.WriteLine();
        }

        return status;
    }
}
