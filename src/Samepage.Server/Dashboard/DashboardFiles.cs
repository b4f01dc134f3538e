using System.Collections.Frozen;
using System.Text;
using Samepage.Server.Http;

namespace Samepage.Server.Dashboard;

/// <summary>
/// The page and what belongs to it, out of the program itself. All of it refers to each other by relative paths, so
/// that a reverse proxy may put it anywhere. Thread-safe.
/// </summary>
internal static class DashboardFiles
{
    private static readonly FrozenDictionary<string, Lazy<HttpAnswer>> s_files = List().ToFrozenDictionary();

    /// <summary>Whether the program was built with the chart library.</summary>
    public static bool HasCharts { get; } = typeof(DashboardFiles).Assembly.GetManifestResourceInfo("uplot/uPlot.iife.min.js") is not null;

    /// <summary>The file of a path; null where there is none.</summary>
    public static HttpAnswer? Find(string path) => s_files.GetValueOrDefault(path)?.Value;

    private static IEnumerable<KeyValuePair<string, Lazy<HttpAnswer>>> List()
    {
        foreach (var name in typeof(DashboardFiles).Assembly.GetManifestResourceNames().Where(name => name.StartsWith("page/", StringComparison.Ordinal)))
        {
            var path = name == "page/index.html" ? "/" : $"/{name}";
            yield return new(path, new Lazy<HttpAnswer>(() => new HttpAnswer(200, TypeOf(name), Read(name))));
        }

        yield return new("/page/uplot.js", new Lazy<HttpAnswer>(() => HttpAnswer.Of(200, TypeOf(".js"), ChartModule())));
        yield return new("/page/uplot.css", new Lazy<HttpAnswer>(() => HttpAnswer.Of(200, TypeOf(".css"), HasCharts ? Text("uplot/uPlot.min.css") : "")));
    }

    /// <summary>The library as it is published, with its licence before it, and as a module; nothing where it was not had.</summary>
    private static string ChartModule() => HasCharts
        ? $"/*\n{Text("uplot/LICENSE").Trim()}\n*/\n{Text("uplot/uPlot.iife.min.js")}\nexport default uPlot;\n"
        : "export default null;\n";

    private static string TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".svg" => "image/svg+xml",
        _ => "application/octet-stream",
    };

    private static string Text(string name) => Encoding.UTF8.GetString(Read(name));

    private static byte[] Read(string name)
    {
        using var stream = typeof(DashboardFiles).Assembly.GetManifestResourceStream(name)!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
