namespace Samepage.Pages;

/// <summary>
/// One distinct content in the <see cref="FingerprintIndex"/>, in 16 bytes: the fingerprint and, packed into one word,
/// how often it was seen, which targets hold it, and where it was seen first.
/// </summary>
/// <remarks>
/// From the low end: 2 bits of count (0 empty slot, 1 once, 2 more often), 1 bit "seen twice in the target that saw it
/// last", 24 bits of <see cref="TargetSets"/> number, 28 bits of <see cref="ChunkTable"/> number, 9 bits of page in the
/// chunk. 28 bits of chunks are 512 TiB.
/// </remarks>
internal struct ContentEntry
{
    /// <summary>The fingerprint. Meaningful where the slot is in use.</summary>
    public ulong Fingerprint;

    private const int SetShift = 3;
    private const int ChunkShift = 27;
    private const int PageShift = 55;
    private const ulong SetMask = (1UL << 24) - 1;
    private const ulong ChunkMask = (1UL << 28) - 1;

    private ulong _packed;

    /// <summary>A content seen for the first time.</summary>
    public ContentEntry(ulong fingerprint, int set, int chunk, int page)
    {
        Fingerprint = fingerprint;
        _packed = 1 | (ulong)set << SetShift | (ulong)chunk << ChunkShift | (ulong)page << PageShift;
    }

    /// <summary>Whether the slot holds a content.</summary>
    public readonly bool IsUsed => _packed != 0;

    /// <summary>Whether more than one frame holds it.</summary>
    public readonly bool IsShared => (_packed & 3) >= 2;

    /// <summary>Whether the target that saw it last has it in more than one frame.</summary>
    public readonly bool IsRepeatedInTarget => (_packed & 4) != 0;

    /// <summary>The set of targets that hold it.</summary>
    public readonly int Set => (int)(_packed >> SetShift & SetMask);

    /// <summary>The chunk in which it was seen first.</summary>
    public readonly int Chunk => (int)(_packed >> ChunkShift & ChunkMask);

    /// <summary>The page in that chunk.</summary>
    public readonly int Page => (int)(_packed >> PageShift);

    /// <summary>Notes that a second frame holds it.</summary>
    public void MarkShared() => _packed = _packed & ~3UL | 2;

    /// <summary>Notes that the target that saw it last has it twice.</summary>
    public void MarkRepeatedInTarget() => _packed |= 4;

    /// <summary>Puts it into another set; the new target has it once so far.</summary>
    public void MoveTo(int set) => _packed = _packed & ~(4UL | SetMask << SetShift) | (ulong)set << SetShift;
}
