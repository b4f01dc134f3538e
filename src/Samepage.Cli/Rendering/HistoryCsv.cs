using System.Globalization;
using Samepage.Server.History;

namespace Samepage.Cli.Rendering;

/// <summary>History as comma-separated values: a row for each point in time, empty where nothing was kept.</summary>
internal static class HistoryCsv
{
    public static void Write(TextWriter text, HistoryAnswer answer)
    {
        text.Write($"time,unix_seconds,{string.Join(',', answer.Series.Select(series => series.Name))}\n");
        for (var point = 0; point < answer.Times.Count; point++)
        {
            var at = DateTimeOffset.FromUnixTimeSeconds(answer.Times[point]);
            var values = answer.Series.Select((series, index) => Text(series, answer.Values[index][point]));
            text.Write(string.Create(CultureInfo.InvariantCulture, $"{at:yyyy-MM-ddTHH:mm:ssZ},{answer.Times[point]},{string.Join(',', values)}\n"));
        }
    }

    private static string Text(HistorySeries series, double? value) => value is not { } number ? ""
        : series.IsWhole ? Math.Round(number).ToString("0", CultureInfo.InvariantCulture)
        : Math.Round(number, 6).ToString("R", CultureInfo.InvariantCulture);
}
