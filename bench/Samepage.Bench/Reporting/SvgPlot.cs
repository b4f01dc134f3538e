using System.Globalization;
using System.Text;

namespace Samepage.Bench.Reporting;

/// <summary>A line of a plot: its name, its colour and its points.</summary>
internal sealed record PlotLine(string Name, string Colour, IReadOnlyList<(double X, double Y)> Points);

/// <summary>What a plot's axes say, and how far they go.</summary>
internal sealed record PlotAxes(string Title, string XName, string YName, double XMax, double YMax)
{
    /// <summary>What stands at the marks of the vertical axis.</summary>
    public Func<double, string> YText { get; init; } = value => value.ToString("0.##", CultureInfo.InvariantCulture);
}

/// <summary>
/// Draws lines over time as SVG with nothing but rectangles, lines and text, so that it looks the same everywhere. Names
/// stand at the ends of their lines, apart from each other, and the colours can be told apart without seeing all of them.
/// Equal figures give equal bytes.
/// </summary>
internal static class SvgPlot
{
    private const int Width = 860, Height = 420, Left = 64, Top = 44, Right = 232, Bottom = 48, NameHeight = 16;

    /// <summary>Okabe and Ito's colours for eyes that lack one kind of cone; none stands for nothing.</summary>
    public static string Colour(string peer) => peer switch
    {
        "none" => "#999999",
        "default" => "#56b4e9",
        "fast" => "#0072b2",
        "advisor" => "#e69f00",
        "ksmtuned" => "#cc79a7",
        "kernel" => "#009e73",
        "user" => "#d55e00",
        _ => "#000000",
    };

    public static string Lines(PlotAxes axes, IReadOnlyList<PlotLine> lines)
    {
        var svg = new StringBuilder();
        Frame(svg, axes);
        var names = new List<(double Y, PlotLine Line)>();
        foreach (var line in lines.Where(line => line.Points.Count > 0))
        {
            var path = string.Join(' ', line.Points.Select(point => $"{Text(X(axes, point.X))},{Text(Y(axes, point.Y))}"));
            svg.Append(CultureInfo.InvariantCulture, $"<polyline fill=\"none\" stroke=\"{line.Colour}\" stroke-width=\"2\" points=\"{path}\"/>\n");
            names.Add((Y(axes, line.Points[^1].Y), line));
        }

        foreach (var (y, line) in Apart([.. names.OrderBy(name => name.Y)]))
        {
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Width - Right + 8}\" y=\"{Text(y)}\" fill=\"{line.Colour}\">{Escape(line.Name)}</text>\n");
        }

        return svg.Append("</svg>\n").ToString();
    }

    /// <summary>From the top down, each at least its own height below the one before; then up again from the bottom.</summary>
    private static List<(double Y, PlotLine Line)> Apart(List<(double Y, PlotLine Line)> names)
    {
        for (var at = 0; at < names.Count; at++)
        {
            names[at] = (Math.Max(names[at].Y + 4, at == 0 ? 0 : names[at - 1].Y + NameHeight), names[at].Line);
        }

        for (var (at, limit) = (names.Count - 1, (double)(Height - Bottom + 4)); at >= 0; at--, limit -= NameHeight)
        {
            names[at] = (Math.Min(names[at].Y, limit), names[at].Line);
        }

        return names;
    }

    private static void Frame(StringBuilder svg, PlotAxes axes)
    {
        var (bottom, right) = (Height - Bottom, Width - Right);
        svg.Append(CultureInfo.InvariantCulture, $"""
            <svg xmlns="http://www.w3.org/2000/svg" width="{Width}" height="{Height}" viewBox="0 0 {Width} {Height}" font-family="sans-serif" font-size="12" role="img">
            <title>{Escape(axes.Title)}</title>
            <rect width="{Width}" height="{Height}" fill="#ffffff"/>
            <text x="{Left}" y="24" font-size="15" fill="#222222">{Escape(axes.Title)}</text>
            <text x="{(Left + right) / 2}" y="{Height - 10}" text-anchor="middle" fill="#444444">{Escape(axes.XName)}</text>
            <text transform="translate(14 {(Top + bottom) / 2}) rotate(-90)" text-anchor="middle" fill="#444444">{Escape(axes.YName)}</text>

            """);
        foreach (var x in Marks(axes.XMax))
        {
            var at = Text(X(axes, x));
            svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{at}\" x2=\"{at}\" y1=\"{Top}\" y2=\"{bottom}\" stroke=\"#eeeeee\"/>");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{at}\" y=\"{bottom + 18}\" text-anchor=\"middle\" fill=\"#444444\">{x:0.##}</text>\n");
        }

        foreach (var y in Marks(axes.YMax))
        {
            var at = Text(Y(axes, y));
            svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{Left}\" x2=\"{right}\" y1=\"{at}\" y2=\"{at}\" stroke=\"#dddddd\"/>");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left - 8}\" y=\"{Text(Y(axes, y) + 4)}\" text-anchor=\"end\" fill=\"#444444\">{axes.YText(y)}</text>\n");
        }
    }

    /// <summary>Some five round numbers from zero up to the greatest.</summary>
    internal static IEnumerable<double> Marks(double max)
    {
        var rough = max / 5;
        var power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        var step = power * (rough / power) switch { <= 1 => 1, <= 2 => 2, <= 5 => 5, _ => 10 };
        for (var mark = 0; mark * step <= max * 1.0001; mark++)
        {
            yield return mark * step;
        }
    }

    private static double X(PlotAxes axes, double x) => Left + (Math.Min(x, axes.XMax) / axes.XMax * (Width - Left - Right));

    private static double Y(PlotAxes axes, double y) => Height - Bottom - (Math.Clamp(y, 0, axes.YMax) / axes.YMax * (Height - Top - Bottom));

    private static string Text(double number) => number.ToString("0.#", CultureInfo.InvariantCulture);

    private static string Escape(string text) => text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal);
}
