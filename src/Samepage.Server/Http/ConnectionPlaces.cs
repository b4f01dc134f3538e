using Microsoft.AspNetCore.Connections;

namespace Samepage.Server.Http;

/// <summary>
/// Places for connections. Who comes when all are taken gets that of the one that has waited longest without a request
/// being looked into, so that nobody keeps others out by holding connections and saying nothing, or saying it slowly. Only
/// where all are being looked into is the newcomer turned away. Thread-safe.
/// </summary>
/// <param name="max">How many there are.</param>
internal sealed class ConnectionPlaces(int max)
{
    private readonly Lock _lock = new();

    /// <summary>Those that wait, the longest first.</summary>
    private readonly LinkedList<ConnectionContext> _waiting = [];

    private readonly Dictionary<string, LinkedListNode<ConnectionContext>> _nodes = [];
    private int _taken;

    /// <summary>Lets a connection in, and gives its place back with its end.</summary>
    public ConnectionDelegate Guard(ConnectionDelegate next) => async connection =>
    {
        if (!TryEnter(connection, out var loser))
        {
            connection.Abort(new ConnectionAbortedException("all places are taken"));
            return;
        }

        try
        {
            loser?.Abort(new ConnectionAbortedException("its place is needed"));
            await next(connection);
        }
        finally
        {
            Leave(connection);
        }
    };

    /// <summary>A request of it is being looked into.</summary>
    public void Begin(string connection) => Move(connection, _ => { });

    /// <summary>It waits again, be it for the next request or for its client to read.</summary>
    public void End(string connection) => Move(connection, _waiting.AddLast);

    /// <param name="connection">Who wants a place.</param>
    /// <param name="loser">Who has lost its own to it, and does not know yet; null: nobody.</param>
    private bool TryEnter(ConnectionContext connection, out ConnectionContext? loser)
    {
        loser = null;
        lock (_lock)
        {
            if (_taken >= max && _waiting.First is { } longest)
            {
                Forget(loser = longest.Value);
            }

            if (_taken >= max)
            {
                return false;
            }

            _taken++;
            _nodes[connection.ConnectionId] = _waiting.AddLast(connection);
            return true;
        }
    }

    private void Leave(ConnectionContext connection)
    {
        lock (_lock)
        {
            Forget(connection);
        }
    }

    private void Forget(ConnectionContext connection)
    {
        if (_nodes.Remove(connection.ConnectionId, out var node))
        {
            node.List?.Remove(node);
            _taken--;
        }
    }

    private void Move(string connection, Action<LinkedListNode<ConnectionContext>> to)
    {
        lock (_lock)
        {
            if (_nodes.TryGetValue(connection, out var node))
            {
                node.List?.Remove(node);
                to(node);
            }
        }
    }
}
