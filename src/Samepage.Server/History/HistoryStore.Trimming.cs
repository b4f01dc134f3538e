namespace Samepage.Server.History;

/// <content>What is too old, or too much, goes.</content>
internal sealed partial class HistoryStore
{
    /// <summary>Decisions and names of processes, at most; each is a few hundred bytes.</summary>
    private const int DecisionsMax = 50_000, ProcessNamesMax = 20_000;

    /// <summary>A clock that shows an earlier day has not been set yet.</summary>
    private static readonly long s_earliest = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeSeconds();

    /// <summary>How many bytes of the file are in use.</summary>
    internal long UsedBytes => (_database.Number("PRAGMA page_count") - _database.Number("PRAGMA freelist_count")) * HistorySchema.PageBytes;

    /// <summary>Removes what is older than it may be and, near the cap, what is oldest.</summary>
    /// <param name="now">Seconds since 1970.</param>
    /// <param name="isClockSteady">
    /// The time of day has been right for a while: only then does it say what is too old, and is a mistake what lies in
    /// the future. A clock that is ahead when the machine starts must not cost the history.
    /// </param>
    /// <exception cref="HistoryException">It cannot be written.</exception>
    public void Trim(long now, bool isClockSteady)
    {
        if (now < s_earliest)
        {
            return;
        }

        if (isClockSteady)
        {
            const long Day = 86400;
            Change(() =>
            {
                foreach (var tier in Tiers)
                {
                    Remove(tier.KeptSince(now), tier.StepSeconds);
                }

                RemoveDecisions(now - (_options.Days * 86400L));
                _database.Execute(FormattableString.Invariant($"DELETE FROM host WHERE at > {now + Day}; DELETE FROM processes WHERE at > {now + Day}; DELETE FROM decision WHERE at > {(now + Day) * 1000}"));
            });
        }

        Shrink(now);
    }

    /// <summary>
    /// Below the cap there is room for a day or so of what may still come. Fine rows go before coarse ones, processes
    /// before the host: the host's story is small and kept longest.
    /// </summary>
    private void Shrink(long now)
    {
        var most = _options.SizeBytesMax / 8 * 7;
        for (var part = 2; part <= 1 << 12 && UsedBytes > most; part *= 2)
        {
            var since = now - (_options.Days * 86400L / part);
            Change(() =>
            {
                RemoveDecisions(since);
                _database.Execute(FormattableString.Invariant($"DELETE FROM processes WHERE at < {since}; DELETE FROM host WHERE step < 900 AND at < {since}; DELETE FROM process WHERE last_at < {since}"));
            });
        }

        _database.Execute("PRAGMA incremental_vacuum(1024)");
    }

    private void Remove(long before, int step) => _database.Execute(FormattableString.Invariant(
        $"DELETE FROM host WHERE step = {step} AND at < {before}; DELETE FROM processes WHERE step = {step} AND at < {before}"));

    private void RemoveDecisions(long before) => _database.Execute(FormattableString.Invariant($"""
        DELETE FROM decision WHERE at < {before * 1000};
        DELETE FROM decision WHERE id <= (SELECT max(id) FROM decision) - {DecisionsMax};
        DELETE FROM process WHERE last_at < {before};
        DELETE FROM process WHERE id IN (SELECT id FROM process ORDER BY last_at DESC LIMIT -1 OFFSET {ProcessNamesMax})
        """));
}
