using System.Collections.Immutable;

namespace Samepage.Server.History;

/// <summary>What becomes of several values of a series when they are put together.</summary>
public enum Fold
{
    /// <summary>Their mean.</summary>
    Mean,

    /// <summary>The least: where little is what hurts.</summary>
    Least,

    /// <summary>The most: where much is what hurts.</summary>
    Most,

    /// <summary>The latest: for what is a state and no quantity.</summary>
    Last,
}

/// <summary>One of the host's series.</summary>
/// <param name="Name">As in JSON, units last.</param>
/// <param name="Fold">How values are put together.</param>
/// <param name="IsWhole">Whether values are whole numbers.</param>
/// <param name="Meaning">What it is.</param>
public sealed record HistorySeries(string Name, Fold Fold, bool IsWhole, string Meaning)
{
    /// <summary>All of the host's; their order is that of the values of a sample.</summary>
    public static ImmutableArray<HistorySeries> Host { get; } =
    [
        new("saved_bytes", Fold.Mean, true, "What ksmd's merging saves, before metadata."),
        new("profit_bytes", Fold.Mean, true, "The same less the kernel's metadata."),
        new("metadata_bytes", Fold.Mean, true, "The kernel's metadata for pages that it tracks."),
        new("user_saved_bytes", Fold.Mean, true, "What the user engine's domains save: merged pages less the stable ones."),
        new("exposure_bytes", Fold.Most, true, "What would be needed if every merged page broke; the most."),
        new("headroom_bytes", Fold.Least, true, "What the host could supply; the least."),
        new("coverage", Fold.Least, false, "Headroom divided by exposure; the least. Null where nothing is merged."),
        new("available_bytes", Fold.Least, true, "Memory that new programs could have without swapping; the least."),
        new("swap_used_bytes", Fold.Most, true, "Swap in use; the most."),
        new("swap_total_bytes", Fold.Last, true, "Swap that is on."),
        new("provided_swap_bytes", Fold.Last, true, "Swap that Samepage added."),
        new("eligible_bytes", Fold.Mean, true, "Private memory of the processes that opted in."),
        new("eligible_processes", Fold.Most, true, "How many those are; the most."),
        new("ksmd_cpu_share", Fold.Mean, false, "ksmd's CPU time, as a share of one core."),
        new("own_cpu_share", Fold.Mean, false, "The daemon's CPU time, as a share of one core."),
        new("own_resident_bytes", Fold.Most, true, "The daemon's memory; the most."),
        new("budget_left_seconds", Fold.Least, false, "CPU time left in the budget's window; the least."),
        new("wanted_cores", Fold.Mean, false, "The share of one core that the governor wants ksmd to take."),
        new("governor_mode", Fold.Last, true, "What the governor is about: a number in governor_modes."),
        new("guard_level", Fold.Most, true, "How far the guard has gone with the host: a number in guard_levels; the furthest."),
        new("growth_held", Fold.Most, true, "1 where the guard held growth."),
        new("full_scans", Fold.Last, true, "Whole passes of ksmd since boot."),
        new("cpu_pressure", Fold.Most, false, "PSI: the part of ten seconds in which somebody waited for a CPU; the most."),
        new("memory_pressure", Fold.Most, false, "The same for memory."),
    ];

    /// <summary>Of a process, or of several of one name.</summary>
    public static ImmutableArray<HistorySeries> Process { get; } =
    [
        new("saved_bytes", Fold.Mean, true, "Merged and zero pages."),
        new("profit_bytes", Fold.Mean, true, "The same less metadata."),
        new("processes", Fold.Most, true, "How many processes that is; the most."),
    ];

    private static readonly Dictionary<string, int> s_places = Host.Index().ToDictionary(pair => pair.Item.Name, pair => pair.Index);

    /// <summary>The place of one of the host's series.</summary>
    /// <exception cref="KeyNotFoundException">There is none of that name.</exception>
    public static int IndexOf(string name) => s_places[name];
}
