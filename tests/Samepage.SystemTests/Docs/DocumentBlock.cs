using System.Text.RegularExpressions;

namespace Samepage.SystemTests.Docs;

/// <summary>
/// A block of code in a page. Commands stand in blocks of the language console, on lines that begin with a dollar; a line
/// that ends with a backslash goes on in the next, and one that begins a here-document up to its end. What else stands
/// there is what they print. A comment before a block says how it is run: &lt;!-- run: ksmd --&gt; lets it change ksmd's
/// settings, &lt;!-- not run: REASON --&gt; leaves it out. A comment "# exit 6" behind a command says with which status
/// it ends.
/// </summary>
/// <param name="Page">The page, as a path below the root of the sources.</param>
/// <param name="Line">The line of its fence.</param>
/// <param name="Language">What stands behind the fence.</param>
/// <param name="Directive">What the comment before it says, without its brackets; null where there is none.</param>
/// <param name="Lines">What is in it.</param>
internal sealed partial record DocumentBlock(string Page, int Line, string Language, string? Directive, IReadOnlyList<string> Lines)
{
    /// <summary>Why its commands are not run; null where they are.</summary>
    public string? NotRunBecause => Directive is { } text && text.StartsWith("not run:", StringComparison.Ordinal) ? text["not run:".Length..].Trim() : null;

    /// <summary>Whether another test runs it by its name.</summary>
    public bool IsOthers => Directive == "run: demo";

    /// <summary>Whether its commands change settings of ksmd.</summary>
    public bool NeedsKsmd => Directive == "run: ksmd";

    /// <summary>The commands, each with the line that it stands in and the status that it ends with.</summary>
    public IEnumerable<(int Line, string Text, int Status)> Commands
    {
        get
        {
            for (var i = 0; Language == "console" && i < Lines.Count; i++)
            {
                if (!Lines[i].StartsWith("$ ", StringComparison.Ordinal))
                {
                    continue;
                }

                var (line, text) = (Line + 1 + i, Lines[i][2..]);
                while (text.EndsWith('\\') && i + 1 < Lines.Count)
                {
                    text += "\n" + Lines[++i];
                }

                var status = StatusPattern().Match(text);
                if (HerePattern().Match(text) is { Success: true } here)
                {
                    while (++i < Lines.Count)
                    {
                        text += "\n" + Lines[i];
                        if (Lines[i] == here.Groups[1].Value)
                        {
                            break;
                        }
                    }
                }

                yield return (line, text, status.Success ? int.Parse(status.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture) : 0);
            }
        }
    }

    /// <summary>What is wrong with the block itself; null where nothing is.</summary>
    public string? Fault =>
        Language is "sh" or "bash" or "shell" ? "commands stand in blocks of the language console, behind a dollar"
        : Language == "console" && !Commands.Any() ? "no line begins with a dollar"
        : Commands.Any(command => HerePattern().Match(command.Text) is { Success: true } here && !command.Text.EndsWith("\n" + here.Groups[1].Value, StringComparison.Ordinal)) ? "a here-document that does not end"
        : Language == "" && Lines.Any(line => CommandPattern().IsMatch(line)) ? "a command, or a synopsis that is no language text"
        : Directive is not null && NotRunBecause is null && !IsOthers && !NeedsKsmd && Directive.StartsWith("run", StringComparison.Ordinal) ? $"'{Directive}' is no way to run it"
        : NotRunBecause is { Length: < 10 } ? "no reason is given"
        : null;

    /// <summary>All blocks of a page.</summary>
    public static IReadOnlyList<DocumentBlock> Of(string page, string text)
    {
        var blocks = new List<DocumentBlock>();
        var lines = text.Split('\n');
        string? directive = null;
        for (var i = 0; i < lines.Length; i++)
        {
            var fence = FencePattern().Match(lines[i]);
            if (fence.Success)
            {
                var end = Array.FindIndex(lines, i + 1, line => line.TrimStart().StartsWith(fence.Groups["fence"].Value, StringComparison.Ordinal));
                end = end < 0 ? lines.Length : end;
                var indent = fence.Groups["indent"].Length;
                blocks.Add(new DocumentBlock(page, i + 1, fence.Groups["language"].Value, directive, [.. lines[(i + 1)..end].Select(line => line.Length >= indent ? line[indent..] : line)]));
                i = end;
            }
            else if (IndentedPattern().IsMatch(lines[i]))
            {
                blocks.Add(new DocumentBlock(page, i + 1, "", directive, [lines[i].Trim()]));
            }

            directive = DirectivePattern().Match(lines[Math.Min(i, lines.Length - 1)]) is { Success: true } comment ? comment.Groups[1].Value : lines[Math.Min(i, lines.Length - 1)].Trim().Length == 0 ? directive : null;
        }

        return blocks;
    }

    [GeneratedRegex(@"^(?<indent> *)(?<fence>```+|~~~+)(?<language>[a-z]*)\s*$", RegexOptions.ExplicitCapture)]
    private static partial Regex FencePattern();

    [GeneratedRegex(@"^    (\./)?(samepage|test)( |$)")]
    private static partial Regex IndentedPattern();

    [GeneratedRegex(@"^\s*<!-- ((?:not )?run: .*?) -->\s*$")]
    private static partial Regex DirectivePattern();

    [GeneratedRegex(@"# exit (\d+)\s*$")]
    private static partial Regex StatusPattern();

    [GeneratedRegex(@"<<'?([A-Z]+)'?")]
    private static partial Regex HerePattern();

    [GeneratedRegex(@"^(\$ |(\./|sudo )?samepage |\./test|systemctl |kubectl |apt |echo |dotnet )")]
    private static partial Regex CommandPattern();
}
