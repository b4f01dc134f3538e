using System.Globalization;
using System.Text;
using Samepage.Cli.Rendering;

namespace Samepage.Cli.Words;

/// <summary>
/// Writes a manual page in the man(7) macros that groff and mandoc share. Whatever a text holds comes out as it is: what
/// roff would take for a command or a special character is escaped, and beyond ASCII nothing is left to the encoding.
/// </summary>
internal sealed class Roff
{
    /// <summary>What is longer is found fault with.</summary>
    private const int LineLengthMax = 78;

    private readonly StringBuilder _text = new();

    /// <summary>Begins a page.</summary>
    /// <param name="name">Its name, such as samepage-estimate.</param>
    /// <param name="section">Its section of the manual.</param>
    /// <param name="date">The day in its foot line.</param>
    /// <param name="version">The version in its foot line.</param>
    public Roff(string name, int section, DateOnly date, string version) =>
        Line(string.Create(CultureInfo.InvariantCulture, $".TH \"{Escape(name.ToUpperInvariant())}\" {section} {date:yyyy-MM-dd} \"Samepage {Escape(version)}\" \"Samepage\""));

    /// <summary>A heading.</summary>
    public void Section(string title) => Line($".SH {Escape(title)}");

    /// <summary>A heading below a heading.</summary>
    public void Subsection(string title) => Line($".SS \"{Escape(title)}\"");

    /// <summary>A paragraph; the first one below a heading needs no space before it.</summary>
    public void Paragraph(string text, bool isFirst = false)
    {
        if (!isFirst)
        {
            Line(".PP");
        }

        Text(text);
    }

    /// <summary>An entry with a term of its own line, already in roff.</summary>
    public void Entry(string term, string text)
    {
        Line(".TP");
        Line(term);
        Text(text);
    }

    /// <summary>A line of roff, as it is.</summary>
    public void Line(string roff) => _text.Append(roff).Append('\n');

    /// <summary>Text as it is; each sentence begins a line, so that changes of a page show as changes of few lines.</summary>
    public void Text(string text)
    {
        foreach (var sentence in Escape(text).Replace(". ", ".\n", StringComparison.Ordinal).Split('\n', StringSplitOptions.TrimEntries))
        {
            foreach (var line in ConsoleText.Wrap(sentence, LineLengthMax, 0))
            {
                Line(Guard(line));
            }
        }
    }

    /// <summary>Lines that stay as they are, in a fixed-width font.</summary>
    public void Example(IEnumerable<string> lines)
    {
        Line(".PP");
        Line(".in +4n");
        Line(".EX");
        foreach (var line in lines)
        {
            Line(line.Length == 0 ? "\\&" : Guard(Escape(line)));
        }

        Line(".EE");
        Line(".in");
    }

    /// <summary>In bold letters: what is typed as it is.</summary>
    public static string Bold(string text) => $"\\fB{Escape(text)}\\fR";

    /// <summary>In italic letters: what is replaced.</summary>
    public static string Italic(string text) => $"\\fI{Escape(text)}\\fR";

    /// <summary>The page.</summary>
    public override string ToString() => _text.ToString();

    /// <summary>A text in which roff finds nothing of its own.</summary>
    public static string Escape(string text)
    {
        var escaped = new StringBuilder(text.Length + 8);
        foreach (var rune in text.EnumerateRunes())
        {
            _ = rune.Value switch
            {
                '\\' => escaped.Append("\\e"),
                '-' => escaped.Append("\\-"),
                '\'' => escaped.Append("\\(aq"),
                '"' => escaped.Append("\\(dq"),
                '`' => escaped.Append("\\(ga"),
                '^' => escaped.Append("\\(ha"),
                '~' => escaped.Append("\\(ti"),
                < 128 => escaped.Append((char)rune.Value),
                _ => escaped.Append(CultureInfo.InvariantCulture, $"\\[u{rune.Value:X4}]"),
            };
        }

        return escaped.ToString();
    }

    /// <summary>A dot at the start of a line would make a command of it.</summary>
    private static string Guard(string line) => line.StartsWith('.') ? "\\&" + line : line;
}
