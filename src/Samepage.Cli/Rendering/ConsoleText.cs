using System.Globalization;
using System.Text;
using Spectre.Console;

namespace Samepage.Cli.Rendering;

/// <summary>Plain paragraphs and headings for a console of any width.</summary>
internal static class ConsoleText
{
    /// <summary>Prose wider than this is hard to read, however wide the window.</summary>
    private const int ReadableWidth = 110;

    /// <summary>
    /// Standard output: as wide as the terminal; where it is a file or a pipe, as wide as COLUMNS says, else 120.
    /// </summary>
    public static IAnsiConsole StandardOutput()
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Out) });
        if (Console.IsOutputRedirected)
        {
            var columns = Environment.GetEnvironmentVariable("COLUMNS");
            console.Profile.Width =
                int.TryParse(columns, NumberStyles.None, CultureInfo.InvariantCulture, out var width) && width >= 40 ? width : 120;
        }

        return console;
    }

    /// <summary>One line, as it is: nothing in it is markup.</summary>
    public static void WriteText(this IAnsiConsole console, string line, string style = "default")
    {
        console.Write(new Text(line, Style.Parse(style)));
        console.WriteLine();
    }

    /// <summary>A heading with a line of space before it.</summary>
    public static void WriteHeading(this IAnsiConsole console, string heading)
    {
        console.WriteLine();
        console.WriteText(heading, "bold");
    }

    /// <summary>A paragraph, broken between words; what follows the first line is indented.</summary>
    public static void WriteParagraph(this IAnsiConsole console, string text, string style = "default", int indent = 0)
    {
        foreach (var line in Wrap(text, Math.Min(console.Profile.Width, ReadableWidth), indent))
        {
            console.WriteText(line, style);
        }
    }

    /// <summary>Breaks a text between words. A size such as "2.1 GiB" stays together.</summary>
    internal static IEnumerable<string> Wrap(string text, int width, int indent)
    {
        // Blanks that the text begins with stay.
        var line = new StringBuilder(text[..^text.AsSpan().TrimStart(' ').Length]);
        var isStart = true;
        foreach (var word in Words(text.TrimStart(' ')))
        {
            if (!isStart && line.ToString().GetCellWidth() + 1 + word.GetCellWidth() > width)
            {
                yield return line.ToString();
                line.Clear().Append(' ', indent).Append(word);
            }
            else
            {
                line.Append(isStart ? "" : " ").Append(word);
            }

            isStart = false;
        }

        yield return line.ToString();
    }

    private static IEnumerable<string> Words(string text)
    {
        var words = text.Split(' ');
        for (var index = 0; index < words.Length; index++)
        {
            var isAmount = index + 1 < words.Length && words[index].Length > 0 && char.IsAsciiDigit(words[index].TrimStart('(')[..1].FirstOrDefault())
                && words[index + 1].TrimEnd('.', ',', ';', ')', '(') is "B" or "KiB" or "MiB" or "GiB" or "TiB" or "PiB" or "%" or "s" or "ms" or "µs";
            yield return isAmount ? words[index] + " " + words[++index] : words[index];
        }
    }
}
