using System.Text;
using Spectre.Console;

namespace Samepage.Cli.Rendering;

/// <summary>
/// Columns under headings, without lines or trailing blanks, so that it pastes and greps well. Where it is too wide,
/// the columns that matter least are left out.
/// </summary>
internal sealed class TextTable
{
    private const int Gap = 2;
    private readonly List<Column> _columns = [];
    private readonly List<(string[] Cells, string Style)> _rows = [];

    /// <summary>Adds a column; what is left out first has the highest rank, and rank 0 is never left out.</summary>
    public TextTable AddColumn(string heading, bool isNumber = true, int rank = 0)
    {
        _columns.Add(new Column(heading, isNumber, rank));
        return this;
    }

    /// <summary>Adds a row; the style is Spectre's, such as <c>dim</c> or <c>bold</c>.</summary>
    public void AddRow(string style, params string[] cells) => _rows.Add((cells, style));

    /// <summary>How wide it is without the columns that may be left out.</summary>
    public int SmallestWidth => WidthOf([.. Enumerable.Range(0, _columns.Count).Where(index => _columns[index].Rank == 0)], Widths());

    /// <summary>Whether the columns that matter have room.</summary>
    public bool Fits(IAnsiConsole console) => SmallestWidth <= console.Profile.Width;

    /// <summary>Writes it; returns the headings of the columns that had no room.</summary>
    public IReadOnlyList<string> Write(IAnsiConsole console)
    {
        var shown = Enumerable.Range(0, _columns.Count).ToList();
        var widths = Widths();
        var leftOut = new List<string>();
        while (WidthOf(shown, widths) > console.Profile.Width
            && shown.Where(index => _columns[index].Rank > 0).ToList() is { Count: > 0 } optional)
        {
            var least = optional.MaxBy(index => _columns[index].Rank);
            shown.Remove(least);
            leftOut.Add(_columns[least].Heading);
        }

        WriteRow(console, shown, widths, [.. _columns.Select(column => column.Heading)], "dim");
        foreach (var (cells, style) in _rows)
        {
            WriteRow(console, shown, widths, cells, style);
        }

        return leftOut;
    }

    private int[] Widths() => [.. _columns.Select((column, index) =>
        _rows.Select(row => row.Cells[index].GetCellWidth()).Append(column.Heading.GetCellWidth()).Max())];

    private static int WidthOf(List<int> shown, int[] widths) =>
        shown.Sum(index => widths[index]) + Gap * (shown.Count - 1);

    private void WriteRow(IAnsiConsole console, List<int> shown, int[] widths, string[] cells, string style)
    {
        var line = new StringBuilder();
        foreach (var index in shown)
        {
            var blanks = new string(' ', widths[index] - cells[index].GetCellWidth());
            line.Append(line.Length > 0 ? new string(' ', Gap) : "")
                .Append(_columns[index].IsNumber ? blanks + cells[index] : cells[index] + blanks);
        }

        console.WriteText(line.ToString().TrimEnd(), style);
    }

    private sealed record Column(string Heading, bool IsNumber, int Rank);
}
