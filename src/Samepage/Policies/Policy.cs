using Samepage.Guarding.Swapping;

namespace Samepage.Policies;

/// <summary>What Samepage may do on a host, as its operator wrote it. Immutable; without a file it is <see cref="Default"/>.</summary>
public sealed record Policy
{
    /// <summary>What holds without any file: nobody is touched who did not ask, and nothing is provisioned.</summary>
    public static Policy Default { get; } = new();

    /// <summary>Which processes are treated how; of those that match, the last decides.</summary>
    public IReadOnlyList<PolicyRule> Rules { get; init; } = [];

    /// <summary>How much may be spent on scanning.</summary>
    public GovernorPolicy Governor { get; init; } = new();

    /// <summary>How the host is kept from running out of memory.</summary>
    public GuardPolicy Guard { get; init; } = new();

    /// <summary>Where the daemon shows what it does.</summary>
    public ServerPolicy Server { get; init; } = new();

    /// <summary>What is remembered, and for how long.</summary>
    public HistoryPolicy History { get; init; } = new();

    /// <summary>The files that it was read from, in the order in which they were.</summary>
    public IReadOnlyList<string> Sources { get; init; } = [];
}

/// <summary>Section <c>[governor]</c>.</summary>
public sealed record GovernorPolicy
{
    /// <summary>CPU time that scanning and the daemon may take, in percent of one core.</summary>
    public double CpuBudgetPercent { get; init; } = 25;

    /// <summary>The time over which the budget is averaged.</summary>
    public TimeSpan CpuBudgetOver { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The pace of scanning while programs keep the processors busy and memory is not short, in percent of one core.</summary>
    public double CpuGentlePercent { get; init; } = 5;

    /// <summary>Whether ksmd maps the kernel's own zero page in place of pages of zeros; where not, that is as it was found.</summary>
    public bool UsesZeroPage { get; init; } = true;
}

/// <summary>Section <c>[guard]</c>.</summary>
public sealed record GuardPolicy
{
    /// <summary>What holds for the host.</summary>
    public CoverageFloors Host { get; init; } = new();

    /// <summary>What holds for control groups that have a limit of memory, and for those below them.</summary>
    public IReadOnlyList<ControlGroupFloors> ControlGroups { get; init; } = [];

    /// <summary>What is executed where a warning is given: a program and its arguments, without a shell; empty for none.</summary>
    public IReadOnlyList<string> WarningCommand { get; init; } = [];

    /// <summary>What swap may be made ready.</summary>
    public SwapPolicy Swap { get; init; } = new();

    /// <summary>The floors for a control group: of the longest path named that it is at or below, else the host's.</summary>
    public CoverageFloors FloorsOf(string group)
    {
        var nearest = ControlGroups.Where(named => group == named.Path || group.StartsWith(named.Path + "/", StringComparison.Ordinal))
            .MaxBy(named => named.Path.Length);
        return nearest?.Floors ?? Host;
    }
}

/// <summary>How far coverage (headroom divided by exposure) may fall.</summary>
public sealed record CoverageFloors
{
    /// <summary>Below it cold pages are pushed out and nobody is admitted.</summary>
    public double Floor { get; init; } = 1;

    /// <summary>Below it merging stops growing, a warning is given, and swap is provided where that is allowed.</summary>
    public double Warning { get; init; } = 1.25;
}

/// <summary>Floors for a control group.</summary>
/// <param name="Path">Its path below the hierarchy, with a slash in front and none at the end.</param>
/// <param name="Floors">The floors.</param>
public sealed record ControlGroupFloors(string Path, CoverageFloors Floors);

/// <summary>Section <c>[guard.swap]</c>.</summary>
public sealed record SwapPolicy
{
    /// <summary>What is made ready.</summary>
    public SwapKind Provision { get; init; } = SwapKind.None;

    /// <summary>The directory of swap files; null unless files are made.</summary>
    public string? Directory { get; init; }

    /// <summary>No more than this altogether.</summary>
    public long SizeBytesMax { get; init; }
}

/// <summary>Section <c>[server]</c>.</summary>
public sealed record ServerPolicy
{
    /// <summary>The address and port of HTTP; null where there shall be none.</summary>
    public string? Listen { get; init; } = "127.0.0.1:7373";

    /// <summary>Names under which HTTP may be asked besides addresses and localhost; without scheme and port.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];
}

/// <summary>Section <c>[history]</c>.</summary>
public sealed record HistoryPolicy
{
    /// <summary>Whether the daemon keeps one.</summary>
    public bool IsEnabled { get; init; } = true;

    /// <summary>The file; null: history.db in the daemon's state directory.</summary>
    public string? Path { get; init; }

    /// <summary>How long it is kept.</summary>
    public int Days { get; init; } = 60;

    /// <summary>The file grows no larger.</summary>
    public long SizeBytesMax { get; init; } = 64L << 20;
}
