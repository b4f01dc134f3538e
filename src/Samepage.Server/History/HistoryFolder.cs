using System.Collections.Immutable;

namespace Samepage.Server.History;

/// <summary>Puts samples of some series together into one. Not thread-safe.</summary>
/// <param name="series">The series, in the order of the values.</param>
internal sealed class HistoryFolder(ImmutableArray<HistorySeries> series)
{
    private readonly double[] _values = new double[series.Length];
    private readonly int[] _counts = new int[series.Length];

    /// <summary>Whether nothing was added since the last <see cref="Take"/>.</summary>
    public bool IsEmpty { get; private set; } = true;

    /// <summary>Adds a value for each series, later than those before; null where there is none.</summary>
    public void Add(ReadOnlySpan<double?> values)
    {
        IsEmpty = false;
        for (var i = 0; i < series.Length; i++)
        {
            if (values[i] is not { } value || !double.IsFinite(value))
            {
                continue;
            }

            _values[i] = (_counts[i]++, series[i].Fold) switch
            {
                (0, _) or (_, Fold.Last) => value,
                (_, Fold.Mean) => _values[i] + value,
                (_, Fold.Least) => Math.Min(_values[i], value),
                _ => Math.Max(_values[i], value),
            };
        }
    }

    /// <summary>What it comes to, one value for each series; begins anew.</summary>
    public double?[] Take()
    {
        var folded = new double?[series.Length];
        for (var i = 0; i < series.Length; i++)
        {
            folded[i] = _counts[i] == 0 ? null : series[i].Fold == Fold.Mean ? _values[i] / _counts[i] : _values[i];
        }

        Array.Clear(_counts);
        IsEmpty = true;
        return folded;
    }
}
