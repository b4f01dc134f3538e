using System.Text.RegularExpressions;

namespace Samepage.Tests.Docs;

/// <summary>What two pages in different languages must have in common: everything that is not language.</summary>
internal static partial class Translation
{
    /// <summary>Where they differ, in words; empty where they do not.</summary>
    public static IReadOnlyList<string> Differences(string original, string translated)
    {
        List<Section> mine = Sections(original), its = Sections(translated);
        var found = new List<string>();
        Compare(found, "levels of headings", mine.Select(section => section.Level.ToString()), its.Select(section => section.Level.ToString()));
        foreach (var (left, right) in mine.Zip(its))
        {
            var where = $" under '{left.Heading}' / '{right.Heading}'";
            Compare(found, "code blocks" + where, left.CodeBlocks, right.CodeBlocks);
            Compare(found, "words in code" + where, left.Words.Order(StringComparer.Ordinal), right.Words.Order(StringComparer.Ordinal));
            Compare(found, "links" + where, left.Links.Order(StringComparer.Ordinal), right.Links.Order(StringComparer.Ordinal));
            Compare(found, "figures" + where, left.Figures.Order(StringComparer.Ordinal), right.Figures.Order(StringComparer.Ordinal));
        }

        return found;
    }

    private static void Compare(List<string> found, string what, IEnumerable<string> mine, IEnumerable<string> its)
    {
        if (!mine.SequenceEqual(its))
        {
            found.Add($"{what} differ: [{string.Join(" | ", mine)}] and [{string.Join(" | ", its)}]");
        }
    }

    /// <summary>A page cut at its headings; lines of code that begin with # are none.</summary>
    private static List<Section> Sections(string page)
    {
        var blocks = new List<string>();
        var masked = CodeBlockPattern().Replace(page, block =>
        {
            blocks.Add(block.Value);
            return $"\u0001{blocks.Count - 1}\u0001";
        });
        return [.. HeadingPattern().Split("\n" + masked).Skip(1).Select(text => Read(text, blocks))];
    }

    private static Section Read(string text, List<string> blocks)
    {
        var heading = text.Split('\n')[0];
        List<string> code = [.. MaskPattern().Matches(text).Select(mask => blocks[int.Parse(mask.Groups[1].Value)])];
        var prose = MarkPattern().Replace(MaskPattern().Replace(text, ""), "");
        List<string> links = [.. LinkPattern().Matches(prose).Select(link => link.Groups[1].Value)];
        prose = LinkPattern().Replace(prose, "]");
        List<string> words = [.. InlineCodePattern().Matches(prose).Select(word => word.Value)];
        prose = InlineCodePattern().Replace(prose, "");
        return new Section(
            heading.TakeWhile(letter => letter == '#').Count(), heading.Trim('#', ' '), code, words, links,
            [.. FigurePattern().Matches(prose).Select(figure => figure.Value.TrimEnd('.', ','))]);
    }

    private sealed record Section(
        int Level, string Heading, IReadOnlyList<string> CodeBlocks, IReadOnlyList<string> Words, IReadOnlyList<string> Links, IReadOnlyList<string> Figures);

    [GeneratedRegex("^```.*?^```$", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex CodeBlockPattern();

    [GeneratedRegex("\u0001([0-9]+)\u0001")]
    private static partial Regex MaskPattern();

    [GeneratedRegex("\n(?=#{1,6} )")]
    private static partial Regex HeadingPattern();

    /// <summary>Marks for tools, which readers do not see.</summary>
    [GeneratedRegex("<!--.*?-->", RegexOptions.Singleline)]
    private static partial Regex MarkPattern();

    /// <summary>The pages lead to each other, which is the one link that differs.</summary>
    [GeneratedRegex(@"\]\((?!README(?:\.zh-CN)?\.md\))([^)]+)\)")]
    private static partial Regex LinkPattern();

    [GeneratedRegex("`[^`\n]+`")]
    private static partial Regex InlineCodePattern();

    [GeneratedRegex("[0-9][0-9.,]*")]
    private static partial Regex FigurePattern();
}
