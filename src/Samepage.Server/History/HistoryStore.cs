using Samepage.Server.History.Sqlite;

namespace Samepage.Server.History;

/// <summary>
/// Writes the history: each call is one transaction, so that what is killed in the middle leaves the file as it was
/// before. When a row of a coarser tier has ended, it is folded from the finer one. Not thread-safe.
/// </summary>
internal sealed partial class HistoryStore : IDisposable
{
    private readonly HistoryOptions _options;
    private readonly SqliteDatabase _database;
    private readonly SqliteStatement _putHost, _putProcesses, _findProcess, _addProcess, _seenProcess, _addDecision, _hostRows, _processRows;
    private long? _lastAt;

    /// <summary>Opens or creates the file, and folds what was left unfolded.</summary>
    /// <param name="options">What is kept.</param>
    /// <param name="now">Seconds since 1970.</param>
    /// <exception cref="HistoryException">It cannot be had.</exception>
    public HistoryStore(HistoryOptions options, long now)
    {
        _options = options;
        Tiers = HistoryTier.For(options.Days);
        _database = SqliteDatabase.OpenForWriting(options.Path);
        try
        {
            HistorySchema.Prepare(_database, options.SizeBytesMax);
            var names = HistorySeries.Host.Select(series => series.Name).ToArray();
            _putHost = _database.Keep($"INSERT OR REPLACE INTO host(step, at, {string.Join(", ", names)}) VALUES(?1, ?2, {string.Join(", ", names.Select((_, index) => $"?{index + 3}"))})");
            _hostRows = _database.Keep($"SELECT {string.Join(", ", names)} FROM host WHERE step = ?1 AND at >= ?2 AND at < ?3 ORDER BY at");
            _putProcesses = _database.Keep("INSERT OR REPLACE INTO processes(step, at, packed) VALUES(?1, ?2, ?3)");
            _processRows = _database.Keep("SELECT packed FROM processes WHERE step = ?1 AND at >= ?2 AND at < ?3");
            _findProcess = _database.Keep("SELECT id FROM process WHERE pid = ?1 AND start_ticks = ?2 AND boot = ?3");
            _addProcess = _database.Keep("INSERT INTO process(pid, start_ticks, boot, name, guest, first_at, last_at) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?6) RETURNING id");
            _seenProcess = _database.Keep("UPDATE process SET last_at = ?2, name = ?3, guest = coalesce(?4, guest) WHERE id = ?1");
            _addDecision = _database.Keep("INSERT INTO decision(at, level, number, who, scope, pid, what, why) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
            try
            {
                CatchUp(now);
            }
            catch (HistoryException full) when (full.IsFull)
            {
                // The cap may have been lowered since.
                Shrink(now);
                CatchUp(now);
            }
        }
        catch
        {
            _database.Dispose();
            throw;
        }
    }

    /// <summary>The tiers that it keeps.</summary>
    internal IReadOnlyList<HistoryTier> Tiers { get; }

    /// <summary>Adds what came since the last call; all of it or nothing.</summary>
    /// <param name="sample">The host; null where only decisions came.</param>
    /// <param name="processes">The processes over the minute of the sample; null where they were not looked at.</param>
    /// <param name="decisions">What was decided.</param>
    /// <exception cref="HistoryException">It cannot be written.</exception>
    public void Append(HistorySample? sample, IReadOnlyList<ProcessSample>? processes, IReadOnlyCollection<ToldDecision> decisions) => Change(() =>
    {
        foreach (var told in decisions)
        {
            Add(told);
        }

        if (sample is null)
        {
            return;
        }

        var before = _lastAt;
        PutHost(Tiers[0].StepSeconds, sample.At, [.. sample.Values]);
        if (processes is not null)
        {
            PutProcesses(sample.At, processes);
        }

        if (before is { } last)
        {
            FoldEnded(last, sample.At);
        }

        _lastAt = sample.At;
    });

    /// <summary>Looks through the whole file.</summary>
    /// <exception cref="HistoryException">It is broken.</exception>
    public void Examine()
    {
        using var check = _database.Prepare("PRAGMA quick_check(1)");
        if (check.Step() && check.Text(0) is var found and not "ok")
        {
            throw new HistoryException(_database.Path, SQLitePCL.raw.SQLITE_CORRUPT, $"is broken ({found!.ReplaceLineEndings(" ")})");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _database.Dispose();

    private void Change(Action change)
    {
        _database.Execute("BEGIN IMMEDIATE");
        try
        {
            change();
            _database.Execute("COMMIT");
        }
        catch (HistoryException)
        {
            try
            {
                _database.Execute("ROLLBACK");
            }
            catch (HistoryException)
            {
                // SQLite did so itself.
            }

            throw;
        }
    }

    private void PutHost(int step, long at, ReadOnlySpan<double?> values)
    {
        _putHost.Bind(1, step).Bind(2, at);
        for (var i = 0; i < values.Length; i++)
        {
            _putHost.Bind(i + 3, values[i]);
        }

        _putHost.Run();
    }

    private void PutProcesses(long at, IReadOnlyList<ProcessSample> processes)
    {
        var packed = processes.Take(HistoryOptions.ProcessesMax)
            .Select(process => new PackedProcess((uint)IdOf(process.Identity, at), Bounded(process.SavedPages), Bounded(process.TrackedPages))).ToArray();
        var tier = Tiers.First(one => one.HasProcesses);
        _putProcesses.Bind(1, tier.StepSeconds).Bind(2, tier.Begin(at)).Bind(3, PackedProcess.Write(packed)).Run();
    }

    private static uint Bounded(long pages) => (uint)Math.Clamp(pages, 0, uint.MaxValue);

    private long IdOf(ProcessIdentity identity, long at)
    {
        _findProcess.Bind(1, identity.Pid).Bind(2, identity.StartTicks).Bind(3, identity.Boot);
        var found = _findProcess.Step() ? _findProcess.Whole(0) : (long?)null;
        _findProcess.Reset();
        if (found is { } id)
        {
            _seenProcess.Bind(1, id).Bind(2, at).Bind(3, identity.Name).Bind(4, identity.Guest).Run();
            return id;
        }

        _addProcess.Bind(1, identity.Pid).Bind(2, identity.StartTicks).Bind(3, identity.Boot).Bind(4, identity.Name).Bind(5, identity.Guest).Bind(6, at);
        try
        {
            _ = _addProcess.Step();
            return _addProcess.Whole(0);
        }
        finally
        {
            _addProcess.Reset();
        }
    }

    private void Add(ToldDecision told)
    {
        var decision = told.Decision;
        _addDecision.Bind(1, decision.At.ToUnixTimeMilliseconds()).Bind(2, (long)told.Level).Bind(3, decision.Number).Bind(4, decision.Who).Bind(5, decision.Scope)
            .Bind(6, decision.Pid).Bind(7, decision.What).Bind(8, decision.Why).Run();
    }
}
