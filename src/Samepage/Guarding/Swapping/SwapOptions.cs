namespace Samepage.Guarding.Swapping;

/// <summary>What swap is made of.</summary>
public enum SwapKind
{
    /// <summary>None.</summary>
    None,

    /// <summary>A file on a disk.</summary>
    File,

    /// <summary>Compressed memory.</summary>
    Zram,
}

/// <summary>What an operator allows.</summary>
public sealed record SwapOptions
{
    /// <summary>What swap is made of.</summary>
    public SwapKind Kind { get; init; } = SwapKind.File;

    /// <summary>Where files go: a directory of root's that nobody else may write.</summary>
    public string Directory { get; init; } = "/var/lib/samepage/swap";

    /// <summary>All areas together are never larger.</summary>
    public long CapBytes { get; init; } = 4L << 30;

    /// <summary>0 to 32767; null lets the kernel fill other swap first.</summary>
    public int? Priority { get; init; }

    /// <summary>The part of the disk that a file leaves free.</summary>
    public double DiskReserveShare { get; init; } = 0.1;

    /// <summary>Memory that must be left when an area is read back and removed.</summary>
    public long MemoryReserveBytes { get; init; } = 256L << 20;
}

/// <summary>What became of a request.</summary>
/// <param name="IsDone">Whether it was carried out.</param>
/// <param name="Bytes">How much swap was added or removed.</param>
/// <param name="Reason">What was done, or why not, in one sentence without a full stop.</param>
public sealed record SwapOutcome(bool IsDone, long Bytes, string Reason);

/// <summary>Another process provides swap with the same state directory.</summary>
/// <param name="path">The lock that it holds.</param>
public sealed class SwapHeldException(string path) : Exception($"another samepage provides swap here (it holds {path})");
