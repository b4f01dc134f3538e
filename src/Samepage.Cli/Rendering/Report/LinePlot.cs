using System.Globalization;
using System.Net;
using System.Text;

namespace Samepage.Cli.Rendering.Report;

/// <summary>One line of a plot.</summary>
/// <param name="Name">What it shows.</param>
/// <param name="Colour">One of the report's colours, by its name in the style sheet.</param>
/// <param name="Points">Seconds and values, in the order of time.</param>
internal sealed record PlotLine(string Name, string Colour, IReadOnlyList<(double Seconds, double Value)> Points);

/// <summary>A plot of values over time, as SVG that takes its colours from the page.</summary>
/// <param name="Title">Its heading.</param>
/// <param name="Lead">What is to be seen.</param>
/// <param name="Unit">Of the values.</param>
/// <param name="Lines">What is drawn.</param>
internal sealed record LinePlot(string Title, string Lead, string Unit, IReadOnlyList<PlotLine> Lines)
{
    private const int Width = 900, Height = 260, Left = 56, Right = 12, Top = 10, Bottom = 26;

    /// <summary>A value worth a line of its own across the plot, such as a limit.</summary>
    public (string Name, double Value)? Mark { get; init; }

    /// <summary>The drawing, with a key above it.</summary>
    public string ToSvg()
    {
        var points = Lines.SelectMany(line => line.Points).ToList();
        var until = points.Select(point => point.Seconds).DefaultIfEmpty(1).Max();
        var (top, step) = Scale(points.Select(point => point.Value).Append(Mark?.Value ?? 0).DefaultIfEmpty(0).Max());
        double X(double seconds) => Left + ((Width - Left - Right) * seconds / Math.Max(until, 1e-9));
        double Y(double value) => Height - Bottom - ((Height - Top - Bottom) * Math.Min(value, top) / top);

        var svg = new StringBuilder(Key());
        svg.Append(Format($"<svg class=\"plot\" viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{WebUtility.HtmlEncode(Title)}\">\n"));
        for (var value = 0.0; value <= top * 1.0001; value += step)
        {
            svg.Append(Format($"<path class=\"grid\" d=\"M{Left} {Y(value):0.#}H{Width - Right}\"/><text x=\"{Left - 6}\" y=\"{Y(value) + 4:0.#}\" text-anchor=\"end\">{value:0.##}</text>\n"));
        }

        var (end, every) = Scale(until);
        for (var seconds = 0.0; seconds <= Math.Min(end, until) * 1.0001; seconds += every)
        {
            svg.Append(Format($"<text x=\"{X(seconds):0.#}\" y=\"{Height - 8}\" text-anchor=\"middle\">{seconds:0.##} s</text>\n"));
        }

        if (Mark is { } mark)
        {
            svg.Append(Format($"<path class=\"mark\" d=\"M{Left} {Y(mark.Value):0.#}H{Width - Right}\"/>\n"));
        }

        foreach (var line in Lines.Where(line => line.Points.Count > 0))
        {
            var way = string.Join('L', line.Points.Select(point => Format($"{X(point.Seconds):0.#} {Y(point.Value):0.#}")));
            svg.Append(Format($"<path class=\"line\" style=\"stroke:var(--{line.Colour})\" d=\"M{way}\"><title>{WebUtility.HtmlEncode(line.Name)}: {line.Points[^1].Value:0.##} {Unit} at the end</title></path>\n"));
        }

        return svg.Append("</svg>").ToString();
    }

    private string Key()
    {
        var key = new StringBuilder("<ul class=\"key\">");
        foreach (var line in Lines)
        {
            key.Append($"<li><i style=\"background:var(--{line.Colour})\"></i>{WebUtility.HtmlEncode(Unit.Length > 0 ? $"{line.Name} ({Unit})" : line.Name)}</li>");
        }

        if (Mark is { } mark)
        {
            key.Append(Format($"<li><i class=\"mark\"></i>{WebUtility.HtmlEncode(mark.Name)}: {mark.Value:0.##} {Unit}</li>"));
        }

        return key.Append("</ul>\n").ToString();
    }

    /// <summary>An upper end and a step of 1, 2 or 5 times a power of ten, with at most six steps.</summary>
    internal static (double Top, double Step) Scale(double most)
    {
        if (most <= 0)
        {
            return (1, 0.5);
        }

        var power = Math.Pow(10, Math.Floor(Math.Log10(most / 6)));
        var step = ((double[])[1, 2, 5, 10]).Select(factor => factor * power).First(each => most / each <= 6.0001);
        return (Math.Ceiling((most / step) - 1e-9) * step, step);
    }

    private static string Format(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
