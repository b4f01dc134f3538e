using Samepage.Linux.Sockets;
using Samepage.Merging.User.Protocol;

namespace Samepage.Merging.User.Keeping;

/// <summary>One at the other end of a connection: at first anybody, after its greeting a member.</summary>
/// <param name="peer">Who it is, from the kernel.</param>
internal sealed class Member(PeerCredentials peer)
{
    private uint _sequence;
    private bool _hasSpoken;

    public PeerCredentials Peer { get; } = peer;

    /// <summary>Its number in the index; -1 until it has joined.</summary>
    public int Number { get; set; } = -1;

    public bool HasJoined => Number >= 0;

    /// <summary>The segments that it uses.</summary>
    public HashSet<Segment> Segments { get; } = [];

    /// <summary>What it said of itself last; all zero until then.</summary>
    public ReportBody Report;

    /// <summary>Whether a message is the next one: each bears the number after the last one's.</summary>
    public bool Follows(uint sequence)
    {
        var isNext = !_hasSpoken || sequence == _sequence + 1;
        (_hasSpoken, _sequence) = (true, sequence);
        return isNext;
    }
}
