using System.Globalization;
using System.Text.RegularExpressions;

namespace Samepage.Policies.Migration;

/// <summary>
/// Reads ksmtuned's configuration. ksmtuned has a shell execute it; here nothing is executed, so only plain assignments
/// are understood, and anything else is an error with its line.
/// </summary>
public static partial class KsmtunedFile
{
    /// <summary>The file that is read where none is named.</summary>
    public const string DefaultPath = "/etc/ksmtuned.conf";

    /// <summary>Reads its text; of two assignments to one name the later holds, as in a shell.</summary>
    /// <exception cref="PolicyException">A line is no plain assignment, or a value no number where one is needed.</exception>
    public static IReadOnlyDictionary<string, KsmtunedValue> Read(string file, string text)
    {
        var values = new Dictionary<string, KsmtunedValue>(StringComparer.Ordinal);
        var lines = text.Replace("\r\n", "\n", StringComparison.Ordinal).Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            if (lines[i].AsSpan().TrimStart() is [] or ['#', ..])
            {
                continue;
            }

            var at = new PolicyPosition(file, i + 1, 1);
            if (AssignmentPattern().Match(lines[i]) is not { Success: true } assignment)
            {
                throw new PolicyException(at, "is no plain NAME=VALUE; a shell would execute this line, and here nothing is executed: write what it comes to");
            }

            var value = assignment.Groups["value"].Value;
            values[assignment.Groups["name"].Value] = new KsmtunedValue(value, Number(value), at);
        }

        return values;
    }

    private static long? Number(string text) => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;

    [GeneratedRegex("""^\s*(export\s+)?(?<name>[A-Za-z_][A-Za-z0-9_]*)=("(?<value>[^"$`\\]*)"|'(?<value>[^']*)'|(?<value>[^\s"'$`\\;&|<>()#]*))\s*(#.*)?$""", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex AssignmentPattern();
}

/// <summary>What a name was given.</summary>
/// <param name="Text">The value.</param>
/// <param name="Number">The same as a number; null where it is none.</param>
/// <param name="Position">Where.</param>
public sealed record KsmtunedValue(string Text, long? Number, PolicyPosition Position);
