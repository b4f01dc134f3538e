using System.Collections.Immutable;

namespace Samepage.Server.History;

/// <summary>Points in time without gaps, into which rows are folded. Rows come in the order of time.</summary>
internal sealed class HistoryGrid
{
    private readonly HistoryFolder _folder;
    private readonly double?[][] _values;
    private int _point = -1;

    /// <summary>Lays it out.</summary>
    /// <param name="query">The time asked about.</param>
    /// <param name="rowSeconds">The step of the rows: a point is one of them, or several.</param>
    /// <param name="series">The series of the rows.</param>
    public HistoryGrid(HistoryQuery query, int rowSeconds, ImmutableArray<HistorySeries> series)
    {
        StepSeconds = Math.Max(1, (query.StepSeconds + rowSeconds - 1) / rowSeconds) * rowSeconds;
        From = HistoryTier.Begin(query.From, StepSeconds);

        // The grid lies on whole steps, so that a page that asks again and again gets the same points; one more fits them all.
        var count = (int)((query.To - From + StepSeconds - 1) / StepSeconds);
        Times = [.. Enumerable.Range(0, count).Select(point => From + (point * StepSeconds))];
        _folder = new HistoryFolder(series);
        _values = [.. Enumerable.Range(0, series.Length).Select(_ => new double?[count])];
    }

    /// <summary>The time between two points.</summary>
    public long StepSeconds { get; }

    /// <summary>The first point.</summary>
    public long From { get; }

    /// <summary>The end of the last.</summary>
    public long To => From + (Times.Length * StepSeconds);

    /// <summary>The points.</summary>
    public ImmutableArray<long> Times { get; }

    /// <summary>Adds a row within the grid.</summary>
    public void Add(long at, ReadOnlySpan<double?> values)
    {
        var point = (int)((at - From) / StepSeconds);
        if (point != _point)
        {
            Close();
            _point = point;
        }

        _folder.Add(values);
    }

    /// <summary>For each series a value for each point.</summary>
    public IReadOnlyList<double?[]> Values()
    {
        Close();
        return _values;
    }

    private void Close()
    {
        if (_point >= 0 && !_folder.IsEmpty)
        {
            var folded = _folder.Take();
            for (var i = 0; i < folded.Length; i++)
            {
                _values[i][_point] = folded[i];
            }
        }
    }
}
