using System.CommandLine;
using System.CommandLine.Help;

namespace Samepage.Cli.Words;

/// <summary>A command as its own definition has it: what manual pages and completions are made of.</summary>
/// <param name="Command">The definition.</param>
/// <param name="Path">The words that lead to it, the executable's name first.</param>
internal sealed record Verb(Command Command, IReadOnlyList<string> Path)
{
    private const string ExitStatus = "Exit status:";

    /// <summary>As it is typed: samepage estimate.</summary>
    public string Typed => string.Join(' ', Path);

    /// <summary>The name of its manual page, without the section.</summary>
    public string Page => string.Join('-', Path);

    /// <summary>Options that people are told of, in the order of the definition; --help comes last.</summary>
    public IEnumerable<Option> Options =>
        Command.Options.Where(option => option is not HelpOption && IsShown(option)).Append(new HelpOption { Description = "Show help, and end" });

    /// <summary>Arguments that people are told of.</summary>
    public IEnumerable<Argument> Arguments => Command.Arguments.Where(argument => !argument.Hidden);

    /// <summary>The commands right below.</summary>
    public IEnumerable<Verb> Below => Command.Subcommands.Where(command => !command.Hidden).Select(command => new Verb(command, [.. Path, command.Name]));

    /// <summary>What its manual says, but for the exit status.</summary>
    public IEnumerable<string> Paragraphs => Manual.Of(Command).Where(paragraph => !paragraph.StartsWith(ExitStatus, StringComparison.Ordinal));

    /// <summary>What its manual says of the exit status: one entry for each code, such as "0 yes"; none where it does not.</summary>
    public IEnumerable<(string Code, string Meaning)> ExitStatuses =>
        Manual.Of(Command).Where(paragraph => paragraph.StartsWith(ExitStatus, StringComparison.Ordinal))
            .SelectMany(paragraph => paragraph[ExitStatus.Length..].TrimEnd('.').Split(';', StringSplitOptions.TrimEntries))
            .Select(entry => entry.Split(' ', 2)).Select(entry => (entry[0], entry[^1]));

    /// <summary>The executable itself.</summary>
    public static Verb Root(RootCommand root) => new(root, ["samepage"]);

    /// <summary>This and everything below, parents first.</summary>
    public IEnumerable<Verb> All() => Below.SelectMany(below => below.All()).Prepend(this);

    /// <summary>The names of an option that people type: -h and --help, and not the slashes of other systems.</summary>
    public static IEnumerable<string> Names(Option option) =>
        option.Aliases.Where(name => name.StartsWith('-') && name != "-?").Append(option.Name).Distinct().OrderBy(name => name.Length);

    private static bool IsShown(Option option) => !option.Hidden;
}
