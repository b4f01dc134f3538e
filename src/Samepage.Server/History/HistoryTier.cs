using System.Collections.Immutable;

namespace Samepage.Server.History;

/// <summary>History of one fineness.</summary>
/// <param name="StepSeconds">The time between two rows.</param>
/// <param name="Keep">How long rows stay.</param>
/// <param name="HasProcesses">Whether processes are kept too.</param>
internal sealed record HistoryTier(int StepSeconds, TimeSpan Keep, bool HasProcesses)
{
    /// <summary>The tiers for so many days, the finest first: 10 s for six hours, a minute for three days, a quarter of an hour for all of it.</summary>
    public static ImmutableArray<HistoryTier> For(int days) =>
    [
        new(10, TimeSpan.FromHours(6), HasProcesses: false),
        new(60, TimeSpan.FromDays(Math.Min(3, days)), HasProcesses: true),
        new(900, TimeSpan.FromDays(days), HasProcesses: true),
    ];

    /// <summary>Where the row that a time belongs to begins.</summary>
    public long Begin(long at) => Begin(at, StepSeconds);

    /// <summary>The same for any step.</summary>
    public static long Begin(long at, long step) => at - (((at % step) + step) % step);

    /// <summary>Rows before this go. A whole row of the coarsest tier at a time, so that none is ever folded from a part of its rows.</summary>
    public long KeptSince(long now) => Begin(now - (long)Keep.TotalSeconds, 900);
}
