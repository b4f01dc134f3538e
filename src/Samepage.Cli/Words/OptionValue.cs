using System.CommandLine;
using System.CommandLine.Completions;

namespace Samepage.Cli.Words;

/// <summary>What may stand in the place of a value.</summary>
internal enum ValueKind
{
    /// <summary>Nothing: the option is a switch.</summary>
    None,

    /// <summary>Something that cannot be offered, such as a size.</summary>
    Text,

    /// <summary>A file.</summary>
    File,

    /// <summary>A directory.</summary>
    Directory,

    /// <summary>The number of a process.</summary>
    Process,

    /// <summary>A user.</summary>
    User,

    /// <summary>A program, and behind it its own arguments.</summary>
    Program,
}

/// <summary>
/// The value of an option or argument, by what its definition calls it: FILE and DIR are to be completed as such, and
/// what stands there in small letters (kernel|user) is to be typed as it is.
/// </summary>
/// <param name="Name">What help calls it; empty for a switch.</param>
/// <param name="Kind">What may stand there.</param>
/// <param name="Words">Words that may stand there.</param>
internal sealed record OptionValue(string Name, ValueKind Kind, IReadOnlyList<string> Words)
{
    /// <summary>The value of an option.</summary>
    public static OptionValue Of(Option option)
    {
        if (option.Arity.MaximumNumberOfValues == 0 || option.ValueType == typeof(bool))
        {
            return new OptionValue("", ValueKind.None, []);
        }

        var name = option.HelpName ?? "VALUE";
        return Of(name, option.Name.EndsWith("user", StringComparison.Ordinal) ? ValueKind.User : KindOf(name), option);
    }

    /// <summary>The value of an argument.</summary>
    public static OptionValue Of(Argument argument)
    {
        var name = argument.HelpName ?? argument.Name;
        return Of(name, KindOf(name), argument);
    }

    private static OptionValue Of(string name, ValueKind kind, Symbol symbol) => new(
        name, kind, [.. name.Split('|').Where(IsWord).Concat(symbol.GetCompletions(CompletionContext.Empty).Select(item => item.Label)).Distinct()]);

    private static bool IsWord(string part) => part.Length > 0 && part.All(letter => char.IsAsciiLetterLower(letter) || letter == '-');

    private static ValueKind KindOf(string name) => name.Split('|')[0] switch
    {
        "FILE" => ValueKind.File,
        "DIR" or "PATH" => ValueKind.Directory,
        "PID" or "N[,N]" => ValueKind.Process,
        "CMD" => ValueKind.Program,
        _ => ValueKind.Text,
    };
}
