using System.Globalization;
using Samepage.Server.History.Sqlite;

namespace Samepage.Server.History;

/// <content>Questions about processes and guests.</content>
public sealed partial class HistoryReader
{
    private HistoryAnswer ReadProcesses(HistoryQuery query, long now)
    {
        var tiers = HistoryTier.For(Days()).Where(tier => tier.HasProcesses).ToArray();
        var tier = Choose(tiers, query, now);
        var known = About(query);
        var ids = known.Select(one => one.Id).ToHashSet();
        var grid = new HistoryGrid(query, tier.StepSeconds, HistorySeries.Process);
        using (var rows = _database.Prepare($"SELECT at, packed FROM processes WHERE {Parts("processes", tiers, tier, now)} AND at >= ?1 AND at < ?2 ORDER BY at"))
        {
            rows.Bind(1, grid.From).Bind(2, grid.To);
            var values = new double?[HistorySeries.Process.Length];
            while (ids.Count > 0 && rows.Step())
            {
                if (TryAdd(PackedProcess.Read(rows.Bytes(1)), ids, values))
                {
                    grid.Add(rows.Whole(0), values);
                }
            }
        }

        var (decisions, leftOut) = Decisions(query, [.. known.Select(one => one.Process.Identity.Pid).Distinct()]);
        return new HistoryAnswer(
            query, grid.StepSeconds, grid.Times, HistorySeries.Process, grid.Values(), [.. known.Take(ProcessesMax).Select(one => one.Process)], decisions, leftOut);
    }

    /// <summary>What those asked about have together in a row; false where it has none of them.</summary>
    private static bool TryAdd(ReadOnlySpan<PackedProcess> row, HashSet<uint> ids, double?[] values)
    {
        var (saved, profit, count) = (0L, 0L, 0);
        foreach (var process in row)
        {
            if (ids.Contains(process.Id))
            {
                (saved, profit, count) = (saved + process.SavedBytes, profit + process.ProfitBytes, count + 1);
            }
        }

        (values[0], values[1], values[2]) = (saved, profit, count);
        return count > 0;
    }

    /// <summary>Those of a number or name that were there in the time asked about.</summary>
    private IReadOnlyList<(uint Id, KnownProcess Process)> About(HistoryQuery query)
    {
        var isPid = int.TryParse(query.About, NumberStyles.None, CultureInfo.InvariantCulture, out var pid);
        using var rows = _database.Prepare($"SELECT {KnownColumns} FROM process WHERE {(isPid ? "pid = ?1" : "(name = ?1 OR guest = ?1)")} AND last_at >= ?2 AND first_at < ?3 ORDER BY last_at DESC");
        _ = isPid ? rows.Bind(1, pid) : rows.Bind(1, query.About);

        // Whoever is seen once a minute, and asked about between two looks, was there.
        rows.Bind(2, query.From - 120).Bind(3, query.To);
        return [.. Read(rows)];
    }

    private IReadOnlyList<KnownProcess> Known(HistoryQuery query)
    {
        using var rows = _database.Prepare($"SELECT {KnownColumns} FROM process WHERE last_at >= ?1 AND first_at < ?2 ORDER BY last_at DESC, id LIMIT {ProcessesMax}");
        rows.Bind(1, query.From - 120).Bind(2, query.To);
        return [.. Read(rows).Select(one => one.Process)];
    }

    private const string KnownColumns = "id, pid, start_ticks, boot, name, guest, first_at, last_at";

    private static IEnumerable<(uint Id, KnownProcess Process)> Read(SqliteStatement rows)
    {
        while (rows.Step())
        {
            var identity = new ProcessIdentity((int)rows.Whole(1), rows.Whole(2), rows.Text(3)!, rows.Text(4)!, rows.Text(5));
            yield return ((uint)rows.Whole(0), new KnownProcess(identity, rows.Whole(6), rows.Whole(7)));
        }
    }
}
