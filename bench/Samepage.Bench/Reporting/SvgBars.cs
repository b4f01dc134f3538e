using System.Globalization;
using System.Text;

namespace Samepage.Bench.Reporting;

/// <summary>A bar with its name, and the least and the greatest of what it is the middle of.</summary>
internal sealed record PlotBar(string Name, string Colour, double Value, double Min, double Max, string Text);

/// <summary>Draws bars that lie, one below the other, as SVG; equal figures give equal bytes.</summary>
internal static class SvgBars
{
    private const int Width = 860, Left = 250, Top = 50, Right = 150, BarHeight = 20, Step = 30;

    /// <param name="title">What is shown.</param>
    /// <param name="bars">From the top down.</param>
    /// <param name="mark">A value to draw a line at: a goal. Null for none.</param>
    public static string Bars(string title, IReadOnlyList<PlotBar> bars, double? mark = null)
    {
        var greatest = bars.Select(bar => bar.Max).Append(mark ?? 0).Max();
        var height = Top + (Step * bars.Count) + 14;
        double X(double value) => Left + (greatest == 0 ? 0 : value / greatest * (Width - Left - Right));
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"""
            <svg xmlns="http://www.w3.org/2000/svg" width="{Width}" height="{height}" viewBox="0 0 {Width} {height}" font-family="sans-serif" font-size="12" role="img">
            <title>{title}</title>
            <rect width="{Width}" height="{height}" fill="#ffffff"/>
            <text x="16" y="24" font-size="15" fill="#222222">{title}</text>

            """);
        if (mark is { } goal)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{Text(X(goal))}\" x2=\"{Text(X(goal))}\" y1=\"{Top - 6}\" y2=\"{height - 10}\" stroke=\"#222222\" stroke-dasharray=\"4 3\"/>\n");
        }

        for (var at = 0; at < bars.Count; at++)
        {
            var (bar, y) = (bars[at], Top + (at * Step));
            var middle = y + (BarHeight / 2);
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left - 10}\" y=\"{middle + 4}\" text-anchor=\"end\" fill=\"#222222\">{bar.Name}</text>");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Text(Math.Max(X(bar.Max), X(bar.Value)) + 14)}\" y=\"{middle + 4}\" fill=\"#222222\">{bar.Text}</text>");
            svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{Left}\" y=\"{y}\" width=\"{Text(X(bar.Value) - Left)}\" height=\"{BarHeight}\" fill=\"{bar.Colour}\"/>");
            svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{Text(X(bar.Min))}\" x2=\"{Text(X(bar.Max))}\" y1=\"{middle}\" y2=\"{middle}\" stroke=\"#222222\" stroke-width=\"1.5\"/>\n");
        }

        return svg.Append("</svg>\n").ToString();
    }

    private static string Text(double number) => number.ToString("0.#", CultureInfo.InvariantCulture);
}
