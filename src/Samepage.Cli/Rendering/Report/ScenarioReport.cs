using System.Net;
using System.Text;
using Samepage.Scenarios.Running;

namespace Samepage.Cli.Rendering.Report;

/// <summary>
/// The report of a scenario: one HTML file with its style and its plots inside, drawn here as SVG, so that it needs
/// neither network nor script.
/// </summary>
internal static class ScenarioReport
{
    /// <summary>The whole file.</summary>
    public static string Render(ScenarioResult result, ReportOrigin origin)
    {
        var title = Encode($"Samepage scenario {result.Scenario}: {origin.Host}, {origin.TakenAt.UtcDateTime:yyyy-MM-dd HH:mm} UTC");
        var page = new StringBuilder($"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
            <link rel="icon" href="data:,">
            <title>{title}</title>
            <style>
            {HtmlReport.Resource("report.css")}
            {HtmlReport.Resource("report.scenario.css")}
            </style>
            </head>
            <body>
            <header>
            <p class="origin">{title} ({Encode(origin.Kernel)})</p>
            <h1>{Encode(ScenarioText.Sentence(result))}</h1>
            <dl class="figures">

            """);
        foreach (var (name, value, more) in ScenarioText.Rows(result))
        {
            page.Append($"<div><dt>{Encode(name)}</dt><dd class=\"big\">{Encode(value)}</dd><dd class=\"more\">{Encode(more)}</dd></div>\n");
        }

        page.Append("</dl>\n<ul class=\"notices\">\n");
        foreach (var note in result.StoppedBy is { } stop ? result.Notes.Prepend($"Stopped by: {stop}.") : result.Notes)
        {
            page.Append($"<li>{Encode(note)}</li>\n");
        }

        page.Append("</ul>\n</header>\n<main>\n");
        foreach (var plot in ScenarioPlots.All(result))
        {
            page.Append($"<section>\n<h2>{Encode(plot.Title)}</h2>\n<p class=\"lead\">{Encode(plot.Lead)}</p>\n{plot.ToSvg()}\n</section>\n");
        }

        return page.Append("</main>\n</body>\n</html>\n").ToString();
    }

    private static string Encode(string text) => WebUtility.HtmlEncode(text);
}
