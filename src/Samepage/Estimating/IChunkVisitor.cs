using Samepage.Linux.Memory;

namespace Samepage.Estimating;

/// <summary>
/// What is done with the pages of a chunk: the first look, the counting and the verification differ in nothing else.
/// Called from several workers at once, for chunks of one target at a time; targets come in ascending order.
/// </summary>
internal interface IChunkVisitor
{
    /// <summary>A target is about to be walked. Called by one thread while no worker is at work.</summary>
    void Begin(ScannedTarget target);

    /// <summary>Chooses the pages whose content is wanted.</summary>
    /// <param name="chunk">The window.</param>
    /// <param name="entries">Its page table entries, from the first present page to the last.</param>
    /// <param name="pages">Filled with the wanted pages, in ascending order; as long as a chunk has pages.</param>
    /// <returns>How many are wanted.</returns>
    int Select(ScanChunk chunk, ReadOnlySpan<PageMapEntry> entries, Span<ChunkPage> pages);

    /// <summary>Takes the fingerprints of pages that could be read.</summary>
    /// <param name="chunk">The window.</param>
    /// <param name="pages">The pages, in ascending order.</param>
    /// <param name="fingerprints">One for each.</param>
    /// <param name="contents">The pages' bytes, one page behind the other.</param>
    unsafe void Accept(ScanChunk chunk, ReadOnlySpan<ChunkPage> pages, ReadOnlySpan<ulong> fingerprints, byte* contents);
}

/// <summary>A page chosen for reading.</summary>
/// <param name="Index">Its place in the chunk, 0 to 511.</param>
/// <param name="Frame">What is known of its frame.</param>
/// <param name="FrameNumber">The frame's number where it is not exclusive and not hidden; else 0.</param>
internal readonly record struct ChunkPage(int Index, FrameKnowledge Frame, ulong FrameNumber);

/// <summary>What is known of a page's frame before its content is.</summary>
internal enum FrameKnowledge
{
    /// <summary>No other page table maps it.</summary>
    Exclusive,

    /// <summary>Others map it too, but this is the first sight of it: it counts as a frame.</summary>
    New,

    /// <summary>An earlier target maps it, and nobody could read it so far.</summary>
    Shared,

    /// <summary>Others map it too, but its number is hidden from the caller.</summary>
    Hidden,
}
