using Samepage.Server.History.Sqlite;
using Samepage.Server.Loop;

namespace Samepage.Server.History;

/// <summary>Reads a history, whether or not a daemon writes it at the time. Not thread-safe.</summary>
public sealed partial class HistoryReader : IDisposable
{
    /// <summary>No answer has more decisions, or processes.</summary>
    public const int DecisionsMax = 500, ProcessesMax = 200;

    private readonly SqliteDatabase _database;
    private readonly HashSet<string> _columns;

    /// <summary>Opens it.</summary>
    /// <exception cref="HistoryException">It cannot be read, or is no history.</exception>
    public HistoryReader(string path)
    {
        _database = SqliteDatabase.OpenForReading(path);
        try
        {
            _database.Execute("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA cache_size = -512; PRAGMA query_only = 1; PRAGMA temp_store = MEMORY");
            _columns = [.. HistorySchema.Columns(_database)];
        }
        catch
        {
            _database.Dispose();
            throw;
        }
    }

    /// <summary>Answers a question.</summary>
    /// <param name="query">The question.</param>
    /// <param name="now">Seconds since 1970: rows that have not ended are put together from finer ones.</param>
    /// <exception cref="HistoryException">It cannot be read.</exception>
    public HistoryAnswer Read(HistoryQuery query, long now)
    {
        // All of it is of one moment, also while the daemon writes.
        _database.Execute("BEGIN");
        try
        {
            return query.About is null ? ReadHost(query, now) : ReadProcesses(query, now);
        }
        finally
        {
            _database.Execute("COMMIT");
        }
    }

    /// <summary>The latest decisions before a time, of the host and of processes; the oldest first.</summary>
    /// <exception cref="HistoryException">It cannot be read.</exception>
    public IReadOnlyList<Decision> DecisionsBefore(DateTimeOffset time) => Decisions(FormattableString.Invariant($"at < {time.ToUnixTimeMilliseconds()}"));

    /// <summary>The time that there is something about, in seconds since 1970; null where there is nothing.</summary>
    /// <exception cref="HistoryException">It cannot be read.</exception>
    public (long From, long To)? Span() =>
        _database.Number("SELECT count(*) FROM host") == 0 ? null : (_database.Number("SELECT min(at) FROM host"), _database.Number("SELECT max(at + step) FROM host"));

    /// <summary>Writes all of it, as of one moment, into a file that is not there yet.</summary>
    /// <exception cref="HistoryException">It cannot be read or written.</exception>
    public void CopyTo(string path)
    {
        _database.Execute("PRAGMA query_only = 0");
        using var copy = _database.Prepare("VACUUM INTO ?1");
        copy.Bind(1, path).Run();
    }

    /// <inheritdoc/>
    public void Dispose() => _database.Dispose();

    /// <summary>The coarsest tier that is fine enough and still has the beginning; else the finest that has it.</summary>
    private static HistoryTier Choose(IReadOnlyList<HistoryTier> tiers, HistoryQuery query, long now) =>
        tiers.LastOrDefault(tier => tier.StepSeconds <= query.StepSeconds && query.From >= tier.KeptSince(now))
        ?? tiers.FirstOrDefault(tier => query.From >= tier.KeptSince(now)) ?? tiers[^1];

    private HistoryAnswer ReadHost(HistoryQuery query, long now)
    {
        var tiers = HistoryTier.For(Days());
        var tier = Choose(tiers, query, now);
        var grid = new HistoryGrid(query, tier.StepSeconds, HistorySeries.Host);
        using (var rows = _database.Prepare($"SELECT at, {string.Join(", ", HistorySeries.Host.Select(series => _columns.Contains(series.Name) ? series.Name : "NULL"))} FROM host WHERE {Parts("host", tiers, tier, now)} AND at >= ?1 AND at < ?2 ORDER BY at"))
        {
            rows.Bind(1, grid.From).Bind(2, grid.To);
            var values = new double?[HistorySeries.Host.Length];
            while (rows.Step())
            {
                for (var i = 0; i < values.Length; i++)
                {
                    values[i] = rows.Number(i + 1);
                }

                grid.Add(rows.Whole(0), values);
            }
        }

        var (decisions, leftOut) = Decisions(query, null);
        return new HistoryAnswer(query, grid.StepSeconds, grid.Times, HistorySeries.Host, grid.Values(), Known(query), decisions, leftOut);
    }

    /// <summary>
    /// Rows of the tier as far as they were folded, behind that of the finer ones: a daemon that stopped folds no more.
    /// Those from the future are none of ours.
    /// </summary>
    private string Parts(string table, IReadOnlyList<HistoryTier> tiers, HistoryTier tier, long now)
    {
        var parts = new List<string>();
        long Folded(HistoryTier of) => of == tiers[0]
            ? now + 60
            : _database.Number(FormattableString.Invariant($"SELECT max(at) + step FROM {table} WHERE step = {of.StepSeconds} AND at < {of.Begin(now)}"));
        var before = Folded(tier);
        parts.Add(FormattableString.Invariant($"(step = {tier.StepSeconds} AND at < {before})"));
        foreach (var finer in tiers.Where(one => one.StepSeconds < tier.StepSeconds).Reverse())
        {
            var end = Math.Max(before, Folded(finer));
            parts.Add(FormattableString.Invariant($"(step = {finer.StepSeconds} AND at >= {before} AND at < {end})"));
            before = end;
        }

        return $"({string.Join(" OR ", parts)})";
    }

    /// <summary>The oldest row tells how long it is kept; what the policy says need not be known here.</summary>
    private int Days() => (int)Math.Clamp((_database.Number("SELECT max(at) FROM host") - _database.Number("SELECT min(at) FROM host WHERE step = 900")) / 86400 + 2, 4, 36500);

    private (IReadOnlyList<Decision> Decisions, long LeftOut) Decisions(HistoryQuery query, IReadOnlyCollection<int>? pids)
    {
        var about = pids is null ? "pid IS NULL" : $"pid IN ({string.Join(", ", pids)})";
        var within = FormattableString.Invariant($"{about} AND at >= {query.From * 1000} AND at < {query.To * 1000}");
        var decisions = Decisions(within);
        var left = decisions.Count < DecisionsMax ? 0 : _database.Number($"SELECT count(*) FROM decision WHERE {within}") - decisions.Count;
        return (decisions, left);
    }

    private List<Decision> Decisions(string within)
    {
        var decisions = new List<Decision>();
        using var rows = _database.Prepare($"SELECT number, at, who, scope, pid, what, why FROM decision WHERE {within} ORDER BY at DESC, id DESC LIMIT {DecisionsMax}");
        while (rows.Step())
        {
            decisions.Add(new Decision(
                rows.Whole(0), DateTimeOffset.FromUnixTimeMilliseconds(rows.Whole(1)), rows.Text(2)!, rows.Text(3)!, (int?)rows.WholeOrNull(4), rows.Text(5)!, rows.Text(6)!));
        }

        decisions.Reverse();
        return decisions;
    }
}
