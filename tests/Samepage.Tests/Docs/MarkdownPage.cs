using System.Text;
using System.Text.RegularExpressions;

namespace Samepage.Tests.Docs;

/// <summary>A page of the documentation: its links, and the anchors that others may point to.</summary>
internal sealed partial class MarkdownPage
{
    private readonly string _prose;

    /// <summary>Reads a page; what stands in code is no link and no heading.</summary>
    public MarkdownPage(string text) => _prose = SpanPattern().Replace(FencePattern().Replace(text, ""), match => match.Value.Replace('[', '\u0002').Replace('#', '\u0001'));

    /// <summary>Where its links and images lead.</summary>
    public IEnumerable<string> Links => LinkPattern().Matches(_prose).Select(match => match.Groups[1].Value);

    /// <summary>The anchors of its headings, as GitHub makes them.</summary>
    public IReadOnlySet<string> Anchors => _anchors ??= AllAnchors();

    private HashSet<string>? _anchors;

    private HashSet<string> AllAnchors()
    {
        var anchors = new HashSet<string>(StringComparer.Ordinal);
        foreach (Match heading in HeadingPattern().Matches(_prose))
        {
            var slug = Slug(TextPattern().Replace(heading.Groups[1].Value, "$1"));
            for (var (next, i) = (slug, 1); !anchors.Add(next); i++)
            {
                next = $"{slug}-{i}";
            }
        }

        return anchors;
    }

    /// <summary>Small letters; blanks become dashes, and of the rest only letters, digits, dashes and underscores stay.</summary>
    private static string Slug(string heading)
    {
        var slug = new StringBuilder();
        foreach (var letter in heading.Trim().Replace('\u0001', '#').ToLowerInvariant())
        {
            _ = letter == ' ' ? slug.Append('-') : char.IsLetterOrDigit(letter) || letter is '-' or '_' ? slug.Append(letter) : slug;
        }

        return slug.ToString();
    }

    [GeneratedRegex(@"^(```|~~~).*?^\1[^\n]*$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex FencePattern();

    [GeneratedRegex("`[^`\n]+`")]
    private static partial Regex SpanPattern();

    [GeneratedRegex(@"!?\[(?:[^\[\]]|\[[^\[\]]*\])*\]\(<?([^)\s>]+)>?[^)]*\)")]
    private static partial Regex LinkPattern();

    [GeneratedRegex(@"^#{1,6} +(.+?) *#*$", RegexOptions.Multiline)]
    private static partial Regex HeadingPattern();

    [GeneratedRegex(@"\[([^\]]*)\]\([^)]*\)")]
    private static partial Regex TextPattern();
}
