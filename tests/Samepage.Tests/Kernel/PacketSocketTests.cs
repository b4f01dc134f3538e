using Samepage.Linux;
using Samepage.Linux.Interop;
using Samepage.Linux.Memory;
using Samepage.Linux.Sockets;

namespace Samepage.Tests.Kernel;

/// <summary>Packets, descriptors that come with them, and what a peer can do wrong.</summary>
public sealed class PacketSocketTests : IDisposable
{
    private readonly TemporaryTree _tree = new();
    private readonly PacketSocket _listener;
    private readonly PacketSocket _client;
    private readonly PacketSocket _server;

    public PacketSocketTests()
    {
        _listener = PacketSocket.Listen(_tree.PathOf("socket"), 0x180);
        _client = PacketSocket.Connect(_tree.PathOf("socket"));
        _server = _listener.Accept()!;
    }

    public void Dispose()
    {
        _server.Dispose();
        _client.Dispose();
        _listener.Dispose();
        _tree.Dispose();
    }

    [Fact]
    public void Packets_keep_their_bounds()
    {
        Assert.True(_client.TrySend([1, 2, 3]));
        Assert.True(_client.TrySend([4]));
        var buffer = new byte[16];
        Assert.Equal(3, _server.Receive(buffer, out var descriptor));
        Assert.Equal([1, 2, 3], buffer[..3]);
        Assert.Equal(-1, descriptor);
        Assert.Equal(1, _server.Receive(buffer, out _));
        Assert.Equal(-1, _server.Receive(buffer, out _));
        _client.Dispose();
        Assert.Equal(0, _server.Receive(buffer, out _));
        Assert.Equal(Errno.EPIPE, Assert.Throws<LinuxException>(() => _server.TrySend([1])).Errno);
    }

    [Fact]
    public void A_packet_longer_than_the_buffer_ends_the_connection()
    {
        var file = SealedMemory.Create("samepage-stuffed");
        Assert.True(_client.TrySend(new byte[17], file));
        var before = OpenDescriptors();
        Assert.Equal(0, _server.Receive(new byte[16], out var descriptor));
        Assert.Equal(-1, descriptor);
        Assert.Equal(before, OpenDescriptors());
        FileHandle.Close(ref file);
    }

    [Fact]
    public void A_descriptor_comes_along_and_is_of_the_same_file()
    {
        var file = SealedMemory.Create("samepage-test");
        Assert.True(_client.TrySend([9], file));
        Assert.Equal(1, _server.Receive(new byte[16], out var received));
        Assert.NotEqual(file, received);
        Assert.Equal(FileHandle.IdentityOf(file), FileHandle.IdentityOf(received));
        Assert.Equal(1, Libc.fcntl(received, Libc.F_GETFD, 0));
        FileHandle.Close(ref received);
        FileHandle.Close(ref file);
    }

    [Fact]
    public void A_peer_that_does_not_read_fills_its_queue_and_blocks_nobody()
    {
        var message = new byte[32 * 1024];
        var sent = 0;
        while (_client.TrySend(message))
        {
            sent++;
        }

        Assert.InRange(sent, 1, 1000);
        var buffer = new byte[64 * 1024];
        while (sent-- > 0)
        {
            Assert.Equal(message.Length, _server.Receive(buffer, out _));
        }

        Assert.True(_client.TrySend(message));
    }

    [Fact]
    public void Who_is_there()
    {
        Assert.Equal(Environment.ProcessId, _server.Peer.Pid);
        Assert.Equal(Environment.ProcessId, _client.Peer.Pid);
        var handle = _server.OpenPeerHandle();
        Assert.Equal("anon_inode:[pidfd]", File.ResolveLinkTarget($"/proc/self/fd/{handle}", false)!.Name);
        FileHandle.Close(ref handle);
    }

    [Fact]
    public void The_mode_is_as_asked_whatever_the_umask()
    {
        using var open = PacketSocket.Listen(_tree.PathOf("open"), 0x1B6);
        Assert.Equal((UnixFileMode)0x1B6, File.GetUnixFileMode(_tree.PathOf("open")));
        Assert.Equal((UnixFileMode)0x180, File.GetUnixFileMode(_tree.PathOf("socket")));
        Assert.Equal(Errno.EADDRINUSE, Assert.Throws<LinuxException>(() => PacketSocket.Listen(_tree.PathOf("open"), 0x180)).Errno);
        Assert.Equal(Errno.ENOENT, Assert.Throws<LinuxException>(() => PacketSocket.Connect(_tree.PathOf("none"))).Errno);
        Assert.Equal(Errno.ENAMETOOLONG, Assert.Throws<LinuxException>(() => PacketSocket.Connect(new string('a', 108))).Errno);
        _listener.Dispose();
        Assert.Equal(Errno.ECONNREFUSED, Assert.Throws<LinuxException>(() => PacketSocket.Connect(_tree.PathOf("socket"))).Errno);
    }

    [Fact]
    public void Nothing_is_allocated_for_a_packet()
    {
        var message = new byte[1024];
        var buffer = new byte[2048];
        Exchange(message, buffer, 100);
        Assert.Equal(0, Allocation.LeastBytes(() => Exchange(message, buffer, 1000)));
    }

    private void Exchange(byte[] message, byte[] buffer, int rounds)
    {
        for (var i = 0; i < rounds; i++)
        {
            if (!_client.TrySend(message) || _server.Receive(buffer, out _) != message.Length || _server.Receive(buffer, out _) != -1)
            {
                throw new InvalidOperationException("a packet was lost");
            }
        }
    }

    private static int OpenDescriptors() => Directory.GetFiles("/proc/self/fd").Count(
        file => new FileInfo(file).LinkTarget?.Contains("samepage-stuffed", StringComparison.Ordinal) == true);
}
