namespace Samepage.Merging.User.Protocol;

/// <summary>
/// What the keeper says of one fingerprint, in 64 bits: a verdict, or the stable page that holds the content. The
/// answer is a hint and no promise: the member compares all bytes before it maps anything.
/// </summary>
internal readonly record struct Answer(ulong Bits)
{
    private const ulong StableBit = 1UL << 63;
    private const ulong ExtentBit = 1UL << 62;

    /// <summary>Nobody else has it: noted, in case somebody comes.</summary>
    public static Answer Noted => new(0);

    /// <summary>Another page holds it too: write it into a segment.</summary>
    public static Answer Promote => new(1);

    /// <summary>Somebody is about to write it into a segment: ask again at the next sweep.</summary>
    public static Answer Pending => new(2);

    /// <summary>The member's share of the index is used up: not noted.</summary>
    public static Answer Full => new(3);

    /// <summary>Never sent: what a member makes of <see cref="Promote"/> where it lacks the mappings for it.</summary>
    public static Answer LeftOut => new(4);

    /// <summary>A stable page.</summary>
    /// <param name="segment">The segment's number, below 2^30.</param>
    /// <param name="slot">The page in it; of an extent, the first.</param>
    /// <param name="isExtent">Whether 512 pages from there, aligned in the file, all hold the content.</param>
    public static Answer Stable(uint segment, uint slot, bool isExtent) =>
        new(StableBit | (isExtent ? ExtentBit : 0) | (ulong)segment << 32 | slot);

    /// <summary>Whether this names a stable page.</summary>
    public bool IsStable => (Bits & StableBit) != 0;

    /// <summary>Whether 512 pages from <see cref="Slot"/> on hold the same content.</summary>
    public bool IsExtent => (Bits & ExtentBit) != 0;

    /// <summary>The segment's number.</summary>
    public uint Segment => (uint)(Bits >> 32) & 0x3FFF_FFFF;

    /// <summary>The page in the segment.</summary>
    public uint Slot => (uint)Bits;
}
