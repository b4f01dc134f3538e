using System.Text;

namespace Samepage.Cli.Words;

/// <summary>Completion for zsh: a function for each verb, in the terms of _arguments.</summary>
internal static class ZshCompletion
{
    /// <summary>Writes the script, which works as a file _samepage in $fpath and when it is sourced.</summary>
    public static string Write(Verb root)
    {
        var text = new StringBuilder("#compdef samepage\n# Completion of samepage for zsh; made by 'samepage completions zsh'.\n");
        foreach (var verb in root.All())
        {
            text.Append($"\n{Function(verb)}() {{\n");
            _ = verb.Below.Any() ? Branch(text, verb) : Leaf(text, verb);
            text.Append("}\n");
        }

        // As a file of $fpath the text is the function's first call; sourced, it only makes it known.
        return text.Append("\nif [[ $funcstack[1] == _samepage ]]; then _samepage \"$@\"; else compdef _samepage samepage; fi\n").ToString();
    }

    private static string Function(Verb verb) => "_" + verb.Page.Replace('-', '_');

    private static StringBuilder Branch(StringBuilder text, Verb verb)
    {
        text.Append("    local context state state_descr line\n    typeset -A opt_args\n    _arguments -C \\\n");
        Options(text, verb);
        text.Append("        '1:command:->command' '*::argument:->argument'\n    case $state in\n    command)\n        local -a commands=(\n");
        foreach (var below in verb.Below)
        {
            text.Append($"            {Quote($"{below.Path[^1]}:{below.Command.Description}")}\n");
        }

        text.Append("        )\n        _describe command commands ;;\n    argument)\n        case $line[1] in\n");
        foreach (var below in verb.Below)
        {
            text.Append($"        {below.Path[^1]}) {Function(below)} ;;\n");
        }

        return text.Append("        esac ;;\n    esac\n");
    }

    private static StringBuilder Leaf(StringBuilder text, Verb verb)
    {
        text.Append("    _arguments -s \\\n");
        Options(text, verb);
        foreach (var argument in verb.Arguments)
        {
            var value = OptionValue.Of(argument);
            text.Append("        ").Append(value.Kind == ValueKind.Program
                ? "'1:program:_command_names -e' '*::argument:_normal'"
                : Quote($"{(argument.Arity.MinimumNumberOfValues == 0 ? "::" : ":")}{Message(value.Name)}:{Action(value)}")).Append(" \\\n");
        }

        return text.Append("        && return\n");
    }

    private static void Options(StringBuilder text, Verb verb)
    {
        foreach (var option in verb.Options)
        {
            var value = OptionValue.Of(option);
            var isRepeatable = option.Arity.MaximumNumberOfValues > 1;
            foreach (var name in Verb.Names(option))
            {
                var spec = $"{(isRepeatable ? "*" : $"({string.Join(' ', Verb.Names(option))})")}{name}[{Message(option.Description ?? "")}]";
                text.Append("        ").Append(Quote(value.Kind == ValueKind.None ? spec : $"{spec}:{Message(value.Name)}:{Action(value)}")).Append(" \\\n");
            }
        }
    }

    private static string Action(OptionValue value) => value.Kind switch
    {
        ValueKind.File => "_files",
        ValueKind.Directory => "_files -/",
        ValueKind.Process => value.Words.Count == 0 ? "_pids" : $"{{compadd -- {string.Join(' ', value.Words)}; _pids}}",
        ValueKind.User => "_users",
        _ => value.Words.Count == 0 ? " " : $"({string.Join(' ', value.Words)})",
    };

    private static string Message(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("[", "\\[", StringComparison.Ordinal).Replace("]", "\\]", StringComparison.Ordinal).Replace(":", "\\:", StringComparison.Ordinal);

    private static string Quote(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
