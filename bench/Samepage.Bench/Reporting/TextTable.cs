namespace Samepage.Bench.Reporting;

/// <summary>A table for a terminal or a page: the first column to the left, all others to the right.</summary>
internal sealed class TextTable(params string[] head)
{
    private readonly List<string[]> _rows = [head];

    public void Add(params string[] cells) =>
        _rows.Add(cells.Length == head.Length ? cells : throw new ArgumentException($"{cells.Length} cells for {head.Length} columns"));

    /// <summary>In columns of equal width.</summary>
    public string ToText()
    {
        var widths = Enumerable.Range(0, head.Length).Select(column => _rows.Max(row => row[column].Length)).ToArray();
        return string.Join('\n', _rows.Select(row => string.Join("  ", row.Select(
            (cell, column) => column == 0 ? cell.PadRight(widths[0]) : cell.PadLeft(widths[column]))).TrimEnd()));
    }

    /// <summary>For Markdown.</summary>
    public string ToMarkdown() => string.Join('\n', _rows
        .Select(row => $"| {string.Join(" | ", row)} |")
        .Take(1).Append("|" + string.Concat(head.Select((_, column) => column == 0 ? "---|" : "---:|")))
        .Concat(_rows.Skip(1).Select(row => $"| {string.Join(" | ", row)} |")));
}
