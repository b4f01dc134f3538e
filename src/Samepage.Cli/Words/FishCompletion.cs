using System.Text;

namespace Samepage.Cli.Words;

/// <summary>Completion for fish: a line for each verb and option, each with the verb that it belongs to as its condition.</summary>
internal static class FishCompletion
{
    /// <summary>Writes the script.</summary>
    public static string Write(Verb root)
    {
        var verbs = root.All().ToList();
        var text = new StringBuilder("# Completion of samepage for fish; made by 'samepage completions fish'.\nfunction __samepage_at\n    set -l verb samepage\n    for word in (commandline -opc)[2..-1]\n        switch \"$verb $word\"\n            case ");
        text.AppendJoin(' ', verbs.Skip(1).Select(verb => Quote(verb.Typed)))
            .Append("\n                set verb \"$verb $word\"\n        end\n    end\n    test \"$verb\" = $argv[1]\nend\n\ncomplete -c samepage -f\n");
        foreach (var verb in verbs)
        {
            var line = $"complete -c samepage -n {Quote($"__samepage_at \"{verb.Typed}\"")}";
            foreach (var below in verb.Below)
            {
                text.Append($"{line} -a {below.Path[^1]} -d {Quote(below.Command.Description ?? "")}\n");
            }

            foreach (var argument in verb.Arguments)
            {
                text.Append($"{line}{Value(OptionValue.Of(argument), isRequired: false)}\n");
            }

            foreach (var option in verb.Options)
            {
                var names = string.Concat(Verb.Names(option).Select(name => name.StartsWith("--", StringComparison.Ordinal) ? $" -l {name[2..]}" : $" -s {name[1..]}"));
                text.Append($"{line}{names} -d {Quote(option.Description ?? "")}{Value(OptionValue.Of(option), isRequired: true)}\n");
            }
        }

        return text.ToString();
    }

    private static string Value(OptionValue value, bool isRequired) => value.Kind switch
    {
        ValueKind.None => "",
        ValueKind.File => isRequired ? " -r -F" : " -F",
        _ => (isRequired ? " -x" : "") + (Words(value) is { Length: > 0 } words ? $" -a {Quote(words)}" : ""),
    };

    private static string Words(OptionValue value) => string.Join(' ', value.Kind switch
    {
        ValueKind.Directory => [.. value.Words, "(__fish_complete_directories)"],
        ValueKind.Process => [.. value.Words, "(__fish_complete_pids)"],
        ValueKind.User => [.. value.Words, "(__fish_complete_users)"],
        ValueKind.Program => ["(__fish_complete_command)"],
        _ => value.Words,
    });

    private static string Quote(string text) => $"'{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'";
}
