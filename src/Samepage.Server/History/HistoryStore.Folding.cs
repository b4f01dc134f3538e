namespace Samepage.Server.History;

/// <content>Coarser tiers are folded from finer ones.</content>
internal sealed partial class HistoryStore
{
    private readonly HistoryFolder _folder = new(HistorySeries.Host);
    private readonly double?[] _row = new double?[HistorySeries.Host.Length];

    /// <summary>Folds the rows that ended between two samples. Time of day may have jumped, either way.</summary>
    private void FoldEnded(long before, long now)
    {
        for (var i = 1; i < Tiers.Count; i++)
        {
            if (Tiers[i].Begin(before) != Tiers[i].Begin(now))
            {
                FoldRow(i, Tiers[i].Begin(before));
            }
        }
    }

    /// <summary>After a start: what a daemon before has begun and not ended.</summary>
    private void CatchUp(long now)
    {
        for (var i = 1; i < Tiers.Count; i++)
        {
            var (fine, step) = (Tiers[i - 1], Tiers[i].StepSeconds);
            var missing = new List<long>();
            using (var rows = _database.Prepare("SELECT DISTINCT at - at % ?1 FROM host WHERE step = ?2 AND at < ?3 EXCEPT SELECT at FROM host WHERE step = ?1"))
            {
                rows.Bind(1, step).Bind(2, fine.StepSeconds).Bind(3, Tiers[i].Begin(now));
                while (rows.Step())
                {
                    missing.Add(rows.Whole(0));
                }
            }

            if (missing.Count > 0)
            {
                Change(() => missing.ForEach(at => FoldRow(i, at)));
            }
        }
    }

    private void FoldRow(int tier, long at)
    {
        var (coarse, fine) = (Tiers[tier], Tiers[tier - 1]);
        _hostRows.Bind(1, fine.StepSeconds).Bind(2, at).Bind(3, at + coarse.StepSeconds);
        while (_hostRows.Step())
        {
            for (var i = 0; i < _row.Length; i++)
            {
                _row[i] = _hostRows.Number(i);
            }

            _folder.Add(_row);
        }

        _hostRows.Reset();
        if (!_folder.IsEmpty)
        {
            PutHost(coarse.StepSeconds, at, _folder.Take());
        }

        if (fine.HasProcesses)
        {
            FoldProcesses(fine, coarse, at);
        }
    }

    /// <summary>The mean over all rows, as nothing where a process was not: so that sums of processes stay sums.</summary>
    private void FoldProcesses(HistoryTier fine, HistoryTier coarse, long at)
    {
        var (sums, rows) = (new Dictionary<uint, (long Saved, long Tracked)>(), 0);
        _processRows.Bind(1, fine.StepSeconds).Bind(2, at).Bind(3, at + coarse.StepSeconds);
        for (; _processRows.Step(); rows++)
        {
            foreach (var process in PackedProcess.Read(_processRows.Bytes(0)))
            {
                var sum = sums.GetValueOrDefault(process.Id);
                sums[process.Id] = (sum.Saved + process.SavedPages, sum.Tracked + process.TrackedPages);
            }
        }

        _processRows.Reset();
        if (sums.Count > 0)
        {
            // Many that came and went leave those that saved most: the row stays bounded.
            var packed = sums.OrderByDescending(pair => pair.Value.Saved).Take(HistoryOptions.ProcessesMax)
                .Select(pair => new PackedProcess(pair.Key, (uint)(pair.Value.Saved / rows), (uint)(pair.Value.Tracked / rows))).ToArray();
            _putProcesses.Bind(1, coarse.StepSeconds).Bind(2, at).Bind(3, PackedProcess.Write(packed)).Run();
        }
    }
}
