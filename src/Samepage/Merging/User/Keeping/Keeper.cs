using Samepage.Linux;
using Samepage.Linux.Sockets;
using Samepage.Merging.User.Protocol;

namespace Samepage.Merging.User.Keeping;

/// <summary>
/// Keeps a domain: takes connections, has messages answered, and ends a while after the last member has left. One thread,
/// one message of each connection in turn, and nothing that a connection does or leaves undone makes the others wait.
/// </summary>
internal sealed partial class Keeper : IDisposable
{
    private const ulong ListenerTag = 0;
    private const ulong HandleBit = 1;

    private readonly KeeperOptions _options;
    private readonly PacketSocket _listener;
    private readonly EventPoll _poll = new();
    private readonly Domain _domain;
    private readonly Reply _reply = new();
    private readonly Dictionary<ulong, Connection> _connections = [];
    private readonly Dictionary<Member, Connection> _connectionOf = [];
    private readonly byte[] _packet = GC.AllocateArray<byte>(ProtocolLimits.MessageBytesMax, pinned: true);
    private readonly ReadyEvent[] _ready = new ReadyEvent[128];
    private readonly long _startedAt = Environment.TickCount64;
    private ulong _lastNumber;
    private bool _isEnding;

    /// <summary>Keeps a domain whose socket listens already.</summary>
    public Keeper(DomainName name, PacketSocket listener, KeeperOptions options)
    {
        _options = options;
        _listener = listener;
        _domain = new Domain(name.Text, IndexLimitsOf(options), SegmentLimitsOf(options));
        _domain.Describe = () => new DomainReporter(_domain, Environment.TickCount64 - _startedAt).ToBytes();
        _poll.Add(listener.Descriptor, ListenerTag, Readiness.Read);
        _leftAt = Now;
    }

    /// <summary>Has it end soon, without hurting anybody. From any thread.</summary>
    public void End()
    {
        Volatile.Write(ref _isEnding, true);
        _poll.Wake();
    }

    /// <summary>Keeps the domain until nobody needs it.</summary>
    public void Run()
    {
        while (!Volatile.Read(ref _isEnding) && !IsForsaken)
        {
            var count = _poll.Wait(_ready, WaitMilliseconds);
            for (var i = 0; i < count; i++)
            {
                Serve(_ready[i]);
            }

            if (_domain.HasOffers)
            {
                StepOffer();
            }

            Tidy();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var connection in _connections.Values)
        {
            connection.Dispose();
        }

        _listener.Dispose();
        _poll.Dispose();
        _domain.Dispose();
    }

    /// <summary>The time in units of 100 ms.</summary>
    private uint Now => (uint)((Environment.TickCount64 - _startedAt) / 100);

    private void Serve(ReadyEvent ready)
    {
        if (ready.Tag == ListenerTag)
        {
            AcceptOne();
            return;
        }

        // One that was closed a moment ago may still be among the ready.
        if (!_connections.TryGetValue(ready.Tag & ~HandleBit, out var connection))
        {
            return;
        }

        try
        {
            if ((ready.Tag & HandleBit) != 0 || !Exchange(connection, ready.State))
            {
                Close(connection);
            }
        }
        catch (LinuxException)
        {
            Close(connection);
        }
    }

    /// <summary>Goes on with a connection by one packet; false where it is over.</summary>
    private bool Exchange(Connection connection, Readiness state)
    {
        if (connection.HasWaiting || connection.IsBusy)
        {
            if ((state & (Readiness.Error | Readiness.HangUp)) != 0 || !connection.Flush(Now))
            {
                return (state & (Readiness.Error | Readiness.HangUp)) == 0;
            }

            SetInterest(connection);
            return true;
        }

        var length = connection.Socket.Receive(_packet, out var descriptor);
        if (length <= 0)
        {
            return length < 0;
        }

        try
        {
            return Answer(connection, _packet.AsSpan(0, length), ref descriptor);
        }
        finally
        {
            FileHandle.Close(ref descriptor);
        }
    }

    private bool Answer(Connection connection, ReadOnlySpan<byte> packet, ref int descriptor)
    {
        switch (_domain.Handle(connection.Member, packet, ref descriptor, _reply, Now))
        {
            case Outcome.Answered:
                Send(connection);
                _hasHadMembers |= connection.Member.HasJoined;
                return true;
            case Outcome.Later:
                connection.IsBusy = true;
                SetInterest(connection);
                return true;
            default:
                return false;
        }
    }

    private void StepOffer()
    {
        if (_domain.StepOffer(_reply, Now) is { } member && _connectionOf.TryGetValue(member, out var connection))
        {
            connection.IsBusy = false;
            try
            {
                Send(connection);
                SetInterest(connection);
            }
            catch (LinuxException)
            {
                Close(connection);
            }
        }
    }

    private void Send(Connection connection)
    {
        connection.Send(_reply.Message, _reply.Descriptor, Now);
        if (connection.HasWaiting)
        {
            SetInterest(connection);
        }
    }

    /// <summary>Waits for room where a reply waits, for nothing but the end while its segment is looked through, else for a message.</summary>
    private void SetInterest(Connection connection) => _poll.Change(
        connection.Socket.Descriptor, connection.Number,
        connection.HasWaiting ? Readiness.Write : connection.IsBusy ? Readiness.None : Readiness.Read);
}
