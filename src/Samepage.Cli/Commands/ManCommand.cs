using System.CommandLine;
using Samepage.Cli.Words;

namespace Samepage.Cli.Commands;

/// <summary><c>samepage man</c>: its manual pages, made from the definitions of the verbs and the reader of policies.</summary>
internal static class ManCommand
{
    public static Command Create()
    {
        var page = new Argument<string?>("PAGE") { Description = "The page to print: samepage, a verb such as estimate, or samepage.toml", Arity = ArgumentArity.ZeroOrOne };
        var to = new Option<string?>("--to") { Description = "Write all pages below this directory, into man1 and man5", HelpName = "DIR" };
        var dryRun = new Option<bool>("--dry-run") { Description = "With --to: say which files would be written" };
        var command = new Command("man", "Print a manual page, or write all of them below a directory.") { page, to, dryRun };
        Manual.Add(
            command,
            "The pages are made from the same definitions as --help and the reader of policies, so they tell of this very executable. A page that is printed is roff: 'samepage man estimate | man -l -' shows it. With --to, files are put in place whole; MANPATH=DIR, or a DIR such as /usr/local/share/man, makes them known to man. Where SOURCE_DATE_EPOCH is set, the date on them is that day.",
            "Exit status: 0 done; 1 a file could not be written; 2 there is no such page, or both or neither of PAGE and --to were given; 4 not permitted to write there.");
        command.SetVerb((parsed, _) => Run(All(parsed), parsed.GetValue(page), parsed.GetValue(to), parsed.GetValue(dryRun)));
        return command;
    }

    private static List<(string Path, string Text)> All(ParseResult parsed) =>
        [.. ManualPages.All((RootCommand)parsed.RootCommandResult.Command, ManualPages.Edition(TimeProvider.System, Environment.GetEnvironmentVariable("SOURCE_DATE_EPOCH")))];

    private static int Run(List<(string Path, string Text)> pages, string? page, string? directory, bool isDry)
    {
        if ((page is null) == (directory is null))
        {
            throw new CommandFailure(ExitCode.Usage, "say which page to print, or with --to where to write all of them");
        }

        if (directory is null)
        {
            Console.Out.Write(Find(pages, page!));
            return ExitCode.Done;
        }

        if (directory.Length == 0)
        {
            throw new CommandFailure(ExitCode.Usage, "--to wants a directory");
        }

        foreach (var (path, text) in pages)
        {
            var full = Path.GetFullPath(Path.Combine(directory, path));
            Console.WriteLine(isDry ? $"would write {full}" : full);
            if (!isDry)
            {
                WholeFile.Write(full, text);
            }
        }

        return ExitCode.Done;
    }

    private static string Find(List<(string Path, string Text)> pages, string page)
    {
        var names = new[] { page, $"samepage-{page}" };
        return pages.Find(known => names.Contains(Path.GetFileNameWithoutExtension(known.Path), StringComparer.Ordinal)).Text
            ?? throw new CommandFailure(ExitCode.Usage, $"there is no page '{page}'; there are {string.Join(", ", pages.Select(known => Path.GetFileNameWithoutExtension(known.Path)))}");
    }
}
