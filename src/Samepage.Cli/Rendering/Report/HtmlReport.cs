using System.Net;
using System.Text.RegularExpressions;
using Samepage.Estimating;

namespace Samepage.Cli.Rendering.Report;

/// <summary>
/// The report: one HTML file with its style, script and data inside, so that it opens anywhere without network. What
/// processes chose as their names reaches the page as data only, never as markup.
/// </summary>
internal static partial class HtmlReport
{
    /// <summary>The whole file.</summary>
    public static string Render(Estimate estimate, EstimateOptions options, ReportOrigin origin)
    {
        var template = Resource("report.html");
        var parts = new Dictionary<string, string>
        {
            ["title"] = WebUtility.HtmlEncode($"Samepage estimate: {origin.Host}, {origin.TakenAt.UtcDateTime:yyyy-MM-dd HH:mm} UTC"),
            ["sentence"] = AmountPattern().Replace(WebUtility.HtmlEncode(EstimateWords.Sentence(estimate)), "&nbsp;"),
            ["style"] = Resource("report.css"),
            ["data"] = ReportData.From(estimate, options, origin).ToText(),
            ["script"] = Resource("report.js"),
        };
        return Fill(template, parts);
    }

    /// <summary>Replaces each {{name}} in one pass, so that nothing inside a value is taken for a place to fill.</summary>
    private static string Fill(string template, Dictionary<string, string> parts)
    {
        var pieces = template.Split("{{");
        return pieces[0] + string.Concat(pieces.Skip(1).Select(piece =>
        {
            var end = piece.IndexOf("}}", StringComparison.Ordinal);
            return parts[piece[..end]] + piece[(end + 2)..];
        }));
    }

    /// <summary>The blank between a number and its unit, where no line may be broken.</summary>
    [GeneratedRegex("(?<=[0-9]) (?=([KMGTP]i)?B\\b|%)")]
    private static partial Regex AmountPattern();

    internal static string Resource(string name)
    {
        using var stream = typeof(HtmlReport).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
