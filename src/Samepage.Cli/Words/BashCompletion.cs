using System.Text;

namespace Samepage.Cli.Words;

/// <summary>
/// Completion for bash: one function that finds the verb among the words before, then completes the value of an option,
/// the name of an option, or a verb. It needs nothing but bash, and starts no program.
/// </summary>
internal static class BashCompletion
{
    private const string Head = """
        # Completion of samepage for bash; made by 'samepage completions bash'.
        _samepage() {
            local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} verb=samepage i
            COMPREPLY=()
            # bash takes --option=value apart.
            if [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD - 2]}; fi
            for ((i = 1; i < COMP_CWORD; i++)); do
                [[ ${COMP_WORDS[i]} == -- ]] && { _samepage_program "$cur" $((COMP_CWORD - i)); return; }
                case "$verb ${COMP_WORDS[i]}" in

        """;

    private const string Helpers = """
        _samepage_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2"); }
        _samepage_files() { mapfile -t COMPREPLY < <(compgen "$1" -- "$2"); compopt -o filenames 2>/dev/null; }
        _samepage_processes() { local processes=(/proc/[1-9]*/); processes=("${processes[@]#/proc/}"); _samepage_words "$1 ${processes[*]%/}" "$2"; }
        _samepage_users() { mapfile -t COMPREPLY < <(compgen -u -- "$1"); }
        _samepage_program() { if (($2 == 1)); then mapfile -t COMPREPLY < <(compgen -c -- "$1"); else _samepage_files -f "$1"; fi; }
        complete -F _samepage samepage

        """;

    /// <summary>Writes the script.</summary>
    public static string Write(Verb root)
    {
        var verbs = root.All().ToList();
        var text = new StringBuilder(Head);
        text.Append("            ").AppendJoin(" |\\\n            ", verbs.Skip(1).Select(verb => $"'{verb.Typed}'")).Append(")\n");
        text.Append("                verb+=\" ${COMP_WORDS[i]}\" ;;\n        esac\n    done\n\n    case \"$verb $prev\" in\n");
        foreach (var verb in verbs)
        {
            foreach (var option in verb.Options.Where(option => OptionValue.Of(option).Kind != ValueKind.None))
            {
                text.Append("        ").AppendJoin(" | ", Verb.Names(option).Select(name => $"'{verb.Typed} {name}'")).Append($") {Offer(OptionValue.Of(option))}; return ;;\n");
            }
        }

        text.Append("    esac\n\n    case \"$verb\" in\n");
        foreach (var verb in verbs)
        {
            text.Append($"        '{verb.Typed}')\n            if [[ $cur == -* ]]; then _samepage_words '{string.Join(' ', verb.Options.SelectMany(Verb.Names))}' \"$cur\"; ")
                .Append($"else {Place(verb)}; fi ;;\n");
        }

        return text.Append("    esac\n}\n").Append(Helpers).ToString();
    }

    /// <summary>What may stand where no option does.</summary>
    private static string Place(Verb verb) =>
        verb.Below.Any() ? $"_samepage_words '{string.Join(' ', verb.Below.Select(below => below.Path[^1]))}' \"$cur\""
        : verb.Arguments.FirstOrDefault() is { } argument ? Offer(OptionValue.Of(argument)) : ":";

    private static string Offer(OptionValue value) => value.Kind switch
    {
        ValueKind.File => "_samepage_files -f \"$cur\"",
        ValueKind.Directory => "_samepage_files -d \"$cur\"",
        ValueKind.Process => $"_samepage_processes '{string.Join(' ', value.Words)}' \"$cur\"",
        ValueKind.User => "_samepage_users \"$cur\"",
        ValueKind.Program => "_samepage_program \"$cur\" 1",
        _ => value.Words.Count == 0 ? ":" : $"_samepage_words '{string.Join(' ', value.Words)}' \"$cur\"",
    };
}
