using System.Text.RegularExpressions;

namespace Samepage.Bench.Quoting;

/// <summary>
/// Pages that quote figures. Between <c>&lt;!-- figures:NAME from FILE --&gt;</c> and <c>&lt;!-- end of figures --&gt;</c>
/// stands what <see cref="Quotes"/> makes of that file of bench/results, and nothing that anyone wrote by hand.
/// </summary>
internal static partial class QuotedPages
{
    /// <summary>The pages, below the checkout.</summary>
    public static IReadOnlyList<string> Names { get; } = ["README.md", "README.zh-CN.md", "docs/performance.md"];

    /// <summary>The plot that the pages show, and where it is.</summary>
    public const string PlotPath = "docs/images/peers-saving.svg";

    /// <summary>Puts what the results say between the marks.</summary>
    /// <param name="page">A page's text.</param>
    /// <param name="results">The directory of the results.</param>
    /// <exception cref="InvalidDataException">A mark names nothing that there is, or has no end.</exception>
    public static string Fill(string page, string results)
    {
        var marks = BeginPattern().Count(page);
        var filled = BlockPattern().Replace(page, match =>
        {
            marks--;
            var text = Quotes.Of(match.Groups["name"].Value, Path.Combine(results, match.Groups["file"].Value));
            return $"{match.Groups["begin"].Value}\n{text}\n{match.Groups["end"].Value}";
        });
        return marks == 0 ? filled : throw new InvalidDataException("a mark of figures has no end");
    }

    /// <summary>The contests that a page quotes.</summary>
    public static IEnumerable<string> Contests(string page) => BeginPattern().Matches(page)
        .Where(match => match.Groups["name"].Value.StartsWith("peers-", StringComparison.Ordinal)).Select(match => match.Groups["file"].Value).Distinct();

    [GeneratedRegex("<!-- figures:(?<name>[a-z-]+) from (?<file>[a-z0-9.-]+) -->")]
    private static partial Regex BeginPattern();

    [GeneratedRegex("(?<begin><!-- figures:(?<name>[a-z-]+) from (?<file>[a-z0-9.-]+) -->)\n(?:(?!<!-- figures:).)*?(?<end><!-- end of figures -->)", RegexOptions.Singleline)]
    private static partial Regex BlockPattern();
}
