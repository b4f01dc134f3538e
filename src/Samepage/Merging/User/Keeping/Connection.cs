using Samepage.Linux;
using Samepage.Linux.Sockets;

namespace Samepage.Merging.User.Keeping;

/// <summary>
/// One connection: its socket, and at most one reply that its reader has not made room for. While that waits, nothing more
/// is read from it, so what a connection can cost is bounded.
/// </summary>
/// <param name="number">Tells connections apart for as long as the keeper lives.</param>
/// <param name="socket">Its own from now on.</param>
/// <param name="peer">Who is at the other end.</param>
/// <param name="now">The time in units of 100 ms.</param>
internal sealed class Connection(ulong number, PacketSocket socket, PeerCredentials peer, uint now) : IDisposable
{
    private int _handle = -1;
    private byte[] _waiting = [];
    private int _waitingDescriptor = -1;

    public ulong Number { get; } = number;

    public PacketSocket Socket { get; } = socket;

    public Member Member { get; } = new(peer);

    /// <summary>The time of the last change of what it is waited for.</summary>
    public uint Since { get; private set; } = now;

    /// <summary>A reply waits for the reader.</summary>
    public bool HasWaiting => _waiting.Length > 0;

    /// <summary>Its segment is being looked through.</summary>
    public bool IsBusy { get; set; }

    /// <summary>A descriptor that becomes readable when the process ends; a child of it may still hold the socket.</summary>
    /// <exception cref="LinuxException">It has ended already.</exception>
    public int OpenHandle() => _handle = Socket.OpenPeerHandle();

    /// <summary>Sends a reply, or keeps it for when the reader has made room.</summary>
    /// <exception cref="LinuxException">The connection is gone.</exception>
    public void Send(ReadOnlySpan<byte> message, int descriptor, uint now)
    {
        if (!Socket.TrySend(message, descriptor))
        {
            // A descriptor of our own: by the time it is sent, the keeper may have closed the other and used its number again.
            (_waiting, _waitingDescriptor, Since) = (message.ToArray(), FileHandle.Duplicate(descriptor), now);
        }
    }

    /// <summary>Tries again; true once nothing waits any more.</summary>
    /// <exception cref="LinuxException">The connection is gone.</exception>
    public bool Flush(uint now)
    {
        if (HasWaiting && Socket.TrySend(_waiting, _waitingDescriptor))
        {
            FileHandle.Close(ref _waitingDescriptor);
            (_waiting, Since) = ([], now);
        }

        return !HasWaiting;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        FileHandle.Close(ref _handle);
        FileHandle.Close(ref _waitingDescriptor);
        Socket.Dispose();
    }
}
