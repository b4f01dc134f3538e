using System.Runtime.InteropServices;

namespace Samepage.Merging.User.Keeping;

/// <summary>What is known of a content.</summary>
internal enum ContentState
{
    /// <summary>Nothing: the slot of the table is empty.</summary>
    Unknown = 0,

    /// <summary>One page holds it.</summary>
    Noted = 1,

    /// <summary>Two pages hold it, and a member has been told to write it into a segment.</summary>
    Promised = 2,

    /// <summary>A stable page holds it.</summary>
    Stable = 3,
}

/// <summary>
/// A content of the domain in 16 bytes: its fingerprint, and in one word the state and what belongs to it.
/// </summary>
/// <remarks>
/// <code>
/// noted     01 noter:12 epoch:18 token:32
/// promised  10 noter:12 owner:12 earlier:1 zero:5 deadline:32
/// stable    11 extent:1 zero:1 segment:30 slot:30
/// </code>
/// The noter is whose share of the index the entry takes; of a promise, who noted it first. Earlier says that this was
/// the owner itself, in another post than the one that brought the promise.
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
internal struct IndexEntry
{
    public ulong Fingerprint;
    private ulong _payload;

    /// <summary>Members that an entry can name.</summary>
    public const int MembersMax = 1 << 12;

    /// <summary>Epochs that an entry can tell apart; ages are taken modulo this.</summary>
    public const uint EpochMask = (1 << 18) - 1;

    private const ulong ExtentBit = 1UL << 61;
    private const ulong EarlierBit = 1UL << 37;
    private const uint NumberMask = (1u << 30) - 1;

    public readonly ContentState State => (ContentState)(_payload >> 62);

    public readonly bool IsUsed => _payload != 0;

    public readonly int Noter => (int)(_payload >> 50) & (MembersMax - 1);

    public readonly uint Epoch => (uint)(_payload >> 32) & EpochMask;

    public readonly uint Token => (uint)_payload;

    public readonly int Owner => (int)(_payload >> 38) & (MembersMax - 1);

    public readonly bool IsEarlier => (_payload & EarlierBit) != 0;

    public readonly uint Deadline => (uint)_payload;

    public readonly bool IsExtent => (_payload & ExtentBit) != 0;

    public readonly uint Segment => (uint)(_payload >> 30) & NumberMask;

    public readonly uint Slot => (uint)_payload & NumberMask;

    public static IndexEntry Noted(ulong fingerprint, int noter, uint epoch, uint token) => new()
    {
        Fingerprint = fingerprint,
        _payload = (ulong)ContentState.Noted << 62 | (ulong)noter << 50 | (ulong)(epoch & EpochMask) << 32 | token,
    };

    public static IndexEntry Promised(ulong fingerprint, int noter, int owner, bool isEarlier, uint deadline) => new()
    {
        Fingerprint = fingerprint,
        _payload = (ulong)ContentState.Promised << 62 | (ulong)noter << 50 | (ulong)owner << 38 | (isEarlier ? EarlierBit : 0) | deadline,
    };

    public static IndexEntry Stable(ulong fingerprint, uint segment, uint slot, bool isExtent) => new()
    {
        Fingerprint = fingerprint,
        _payload = (ulong)ContentState.Stable << 62 | (isExtent ? ExtentBit : 0) | (ulong)segment << 30 | slot,
    };
}
