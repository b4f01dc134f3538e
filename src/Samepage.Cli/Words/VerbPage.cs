using System.CommandLine;
using System.Globalization;

namespace Samepage.Cli.Words;

/// <summary>The manual page of a verb, from its definition.</summary>
/// <param name="edition">What the foot line says.</param>
internal sealed class VerbPage(Edition edition)
{
    private static readonly string[] s_files =
    [
        "/etc/samepage/samepage.toml", "The policy, and conf.d/*.toml beside it; see samepage.toml(5).",
        "/run/samepage/", "Sockets of the daemon and of domains of the user engine.",
        "/var/lib/samepage/", "Settings as they were found, and what else must outlive a restart.",
    ];

    /// <summary>Writes it.</summary>
    public string Write(Verb verb, bool isRoot)
    {
        var page = new Roff(verb.Page, 1, edition.Date, edition.Version);
        page.Section("NAME");
        page.Line($"{Roff.Escape(verb.Page)} \\-");
        page.Text(Lower(verb.Command.Description ?? "").TrimEnd('.'));
        page.Section("SYNOPSIS");
        Synopsis(page, verb);
        page.Section("DESCRIPTION");
        page.Paragraph(verb.Command.Description ?? "", isFirst: true);
        foreach (var paragraph in verb.Paragraphs)
        {
            page.Paragraph(paragraph);
        }

        Commands(page, verb);
        Arguments(page, verb);
        Options(page, verb);
        ExitStatus(page, verb);
        if (isRoot)
        {
            Files(page);
        }

        SeeAlso(page, verb, isRoot);
        return page.ToString();
    }

    private static void Synopsis(Roff page, Verb verb)
    {
        var below = verb.Below.Any() ? " " + Roff.Italic("COMMAND") : "";
        var required = string.Concat(verb.Options.Where(option => option.Required).Select(option => $" {Term(option)}"));
        var arguments = string.Concat(verb.Arguments.Select(argument => " " + Placed(argument)));
        page.Line($"{Roff.Bold(verb.Typed)}{below}{required} [{Roff.Italic("OPTION")}]...{arguments}");
    }

    private static string Placed(Argument argument)
    {
        var value = OptionValue.Of(argument);
        var name = (value.Kind == ValueKind.Program ? Roff.Escape("-- ") : "") + Roff.Italic(value.Name) + (argument.Arity.MaximumNumberOfValues > 1 ? "..." : "");
        return argument.Arity.MinimumNumberOfValues == 0 ? $"[{name}]" : name;
    }

    private static void Commands(Roff page, Verb verb)
    {
        if (!verb.Below.Any())
        {
            return;
        }

        page.Section("COMMANDS");
        foreach (var below in verb.Below)
        {
            page.Entry($"{Roff.Bold(below.Path[^1])}", $"{below.Command.Description} See {below.Page}(1).");
        }
    }

    private static void Arguments(Roff page, Verb verb)
    {
        if (!verb.Arguments.Any())
        {
            return;
        }

        page.Section("ARGUMENTS");
        foreach (var argument in verb.Arguments)
        {
            page.Entry(Roff.Italic(OptionValue.Of(argument).Name), Sentence(argument.Description));
        }
    }

    private static void Options(Roff page, Verb verb)
    {
        page.Section("OPTIONS");
        foreach (var option in verb.Options)
        {
            var fallback = OptionValue.Of(option).Kind != ValueKind.None && option.HasDefaultValue && option.GetDefaultValue() is { } value
                ? string.Create(CultureInfo.InvariantCulture, $" (default: {value})") : "";
            page.Entry(Term(option), Sentence(option.Description + fallback));
        }
    }

    private static string Term(Option option)
    {
        var value = OptionValue.Of(option);
        return string.Join(", ", Verb.Names(option).Select(Roff.Bold)) + (value.Name.Length == 0 ? "" : " " + Roff.Italic(value.Name));
    }

    /// <summary>What the verb says of itself, and for the executable what holds for all.</summary>
    private static void ExitStatus(Roff page, Verb verb)
    {
        page.Section("EXIT STATUS");
        var own = verb.ExitStatuses.ToList();
        foreach (var (code, meaning) in own.Count > 0 ? own : [.. ExitCode.Meanings.Select(entry => (entry.Code.ToString(CultureInfo.InvariantCulture), entry.Meaning))])
        {
            page.Entry(Roff.Bold(code), Sentence(meaning));
        }
    }

    private static void Files(Roff page)
    {
        page.Section("FILES");
        foreach (var file in s_files.Chunk(2))
        {
            page.Entry(Roff.Italic(file[0]), file[1]);
        }
    }

    private static void SeeAlso(Roff page, Verb verb, bool isRoot)
    {
        var others = isRoot ? verb.All().Skip(1).Select(below => $"{below.Page}(1)") : verb.Below.Select(below => $"{below.Page}(1)").Prepend("samepage(1)");
        page.Section("SEE ALSO");
        page.Line(string.Join(",\n", others.Append("samepage.toml(5)").Select(reference => $"{Roff.Bold(reference[..^3])}{reference[^3..]}")));
    }

    private static string Lower(string text) => text.Length > 1 && char.IsLower(text[1]) ? char.ToLowerInvariant(text[0]) + text[1..] : text;

    private static string Sentence(string? text)
    {
        var whole = text is { Length: > 0 } ? char.ToUpperInvariant(text[0]) + text[1..] : "";
        return whole.EndsWith('.') ? whole : whole + ".";
    }
}

/// <summary>What the foot line of each page says.</summary>
internal sealed record Edition(string Version, DateOnly Date);
