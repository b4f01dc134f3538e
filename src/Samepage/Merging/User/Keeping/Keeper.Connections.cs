using Samepage.Linux;
using Samepage.Linux.Memory;
using Samepage.Linux.Proc;
using Samepage.Linux.Sockets;
using Samepage.Merging.User.Protocol;

namespace Samepage.Merging.User.Keeping;

// Who may connect, who is sent away again, and when it is time to end.
internal sealed partial class Keeper
{
    private const int SweepSlots = 1 << 14;
    private const uint SweepPauseTicks = 20;

    /// <summary>Descriptors that are nobody's: the runtime's, and those that a member just sent.</summary>
    private const int SpareDescriptors = 64;

    private bool _hasHadMembers;
    private uint _leftAt;
    private uint _sweptAt;
    private uint _tidiedAt;

    private static IndexLimits IndexLimitsOf(KeeperOptions options)
    {
        // Twice as many entries as the machine has pages: more cannot all be right.
        const long PagesMin = 1 << 20;
        var pages = MemInfo.Read(new ProcFs()).TotalBytes / AnonymousMemory.PageSize;
        return new IndexLimits(options.NotesPerMember, Math.Max(PagesMin, 2 * pages));
    }

    private static SegmentLimits SegmentLimitsOf(KeeperOptions options)
    {
        // Each connection takes a socket and a handle of its process; what is left is for segments.
        var open = FileHandle.RaiseOpenLimit() - 2 * options.ConnectionsMax - SpareDescriptors;
        return new SegmentLimits(
            (int)Math.Clamp(open, 16, 1 << 16), ProtocolLimits.ReportedSegmentsMax, options.SparseReports, TicksOf(options.RetireAfter));
    }

    private static uint TicksOf(TimeSpan time) => (uint)(time.TotalMilliseconds / 100);

    /// <summary>Nobody is a member, and nobody has been for a while.</summary>
    private bool IsForsaken =>
        _domain.Ledger.Alive == 0 && Now - _leftAt >= TicksOf(_hasHadMembers ? _options.Grace : _options.FirstGrace);

    /// <summary>Not at all while there is work; shortly while something has a deadline; else until somebody comes.</summary>
    private int WaitMilliseconds => _domain.HasOffers || _domain.Index.IsSweeping ? 0
        : _domain.Ledger.Alive == 0 || _domain.Ledger.Alive < _connections.Count || _domain.Index.HasVoid ? 200
        : 2000;

    private void AcceptOne()
    {
        PacketSocket? socket = null;
        try
        {
            socket = _listener.Accept();
            if (socket is not null && socket.Peer is var peer && MayConnect(peer))
            {
                MakeRoom();
                Add(new Connection(_lastNumber += 2, socket, peer, Now));
                socket = null;
            }
        }
        catch (LinuxException)
        {
            // Out of descriptors, or the peer was gone at once: the next attempt finds out anew.
            MakeRoom(always: true);
        }
        finally
        {
            socket?.Dispose();
        }
    }

    private void Add(Connection connection)
    {
        try
        {
            _poll.Add(connection.OpenHandle(), connection.Number | HandleBit, Readiness.Read);
            _poll.Add(connection.Socket.Descriptor, connection.Number, Readiness.Read);
        }
        catch (LinuxException)
        {
            connection.Dispose();
            return;
        }

        _connections.Add(connection.Number, connection);
        _connectionOf.Add(connection.Member, connection);
        _domain.Members.Add(connection.Member);
    }

    /// <summary>
    /// Root and the keeper's own user always; another only if it was named, and then for no more than half of all
    /// connections, so that it cannot keep others out.
    /// </summary>
    private bool MayConnect(PeerCredentials peer) =>
        peer.UserId == 0 || peer.UserId == CurrentUser.Id
        || _options.AllowedUsers.Contains(peer.UserId)
            && _connections.Values.Count(connection => connection.Member.Peer.UserId == peer.UserId) < _options.ConnectionsMax / 2;

    /// <summary>Where no connection is left, the one goes that has been silent longest without being a member.</summary>
    private void MakeRoom(bool always = false)
    {
        if ((always || _connections.Count >= _options.ConnectionsMax)
            && _connections.Values.Where(connection => !connection.Member.HasJoined).MinBy(connection => connection.Number) is { } oldest)
        {
            Close(oldest);
        }
    }

    private void Close(Connection connection)
    {
        if (!_connections.Remove(connection.Number))
        {
            return;
        }

        if (connection.Member.HasJoined)
        {
            _leftAt = Now;
        }

        _connectionOf.Remove(connection.Member);
        _domain.Remove(connection.Member);
        _poll.Remove(connection.Socket.Descriptor);
        connection.Dispose();
    }

    /// <summary>Twice a second at most: drops who has been silent or has not read for too long; and clears the index of what is void.</summary>
    private void Tidy()
    {
        var now = Now;
        if (_domain.Index.IsSweeping)
        {
            _domain.Index.Sweep(SweepSlots);
        }
        else if (_domain.Index.HasVoid && now - _sweptAt >= SweepPauseTicks)
        {
            _sweptAt = now;
            _domain.Index.BeginSweep();
        }

        if (now - _tidiedAt >= 5)
        {
            _tidiedAt = now;
            foreach (var connection in _connections.Values.Where(IsOverdue).ToArray())
            {
                Close(connection);
            }
        }
    }

    private bool IsOverdue(Connection connection) =>
        connection.HasWaiting ? Now - connection.Since >= TicksOf(_options.ReadingTime)
        : !connection.Member.HasJoined && Now - connection.Since >= TicksOf(_options.GreetingTime);
}
