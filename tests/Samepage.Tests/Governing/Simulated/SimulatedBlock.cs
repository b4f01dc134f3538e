namespace Samepage.Tests.Governing.Simulated;

/// <summary>A megabyte of a simulated guest: pages that share one fate, so that a day of sixty guests passes in seconds.</summary>
internal sealed class SimulatedBlock
{
    public const int Pages = 256;
    public const long Bytes = Pages * 4096L;

    /// <summary>What it holds; equal numbers are equal contents.</summary>
    public long Content { get; set; }

    /// <summary>It is to be found in another guest as well.</summary>
    public bool IsCommon { get; set; }

    /// <summary>What ksmd saw at its last look; null before the first.</summary>
    public long? Checksum { get; set; }

    public BlockState State { get; set; }

    /// <summary>Passes since it was first seen, under smart scan, and looks that are still to be left out.</summary>
    public int Age { get; set; }

    public int SkipsLeft { get; set; }

    /// <summary>The guest has left.</summary>
    public bool IsGone { get; set; }
}

internal enum BlockState
{
    /// <summary>Never looked at: no metadata.</summary>
    Unseen,

    /// <summary>Looked at and not placed, or changed since.</summary>
    Volatile,

    /// <summary>In this pass's unstable tree.</summary>
    Unshared,

    /// <summary>Merged.</summary>
    Stable,
}
