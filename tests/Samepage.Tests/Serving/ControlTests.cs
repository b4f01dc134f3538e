using System.Text;
using Samepage.Linux;
using Samepage.Linux.Sockets;
using Samepage.Server.Control;

namespace Samepage.Tests.Serving;

/// <summary>The control socket, and clients that mean no good.</summary>
public sealed class ControlTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("samepage-control-").FullName;
    private readonly ControlServer _server;

    public ControlTests() => _server = ControlServer.Start(Socket, question => question switch
    {
        "status" => Encoding.UTF8.GetBytes(new string('x', 300_000)),
        "health" => "no turn since noon\n"u8.ToArray(),
        _ => null,
    });

    private string Socket => Path.Combine(_directory, ControlSocket.FileName);

    public void Dispose()
    {
        _server.Dispose();
        Assert.False(File.Exists(Socket));
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public void A_long_answer_comes_whole() => Assert.Equal(300_000, ControlQuery.Ask(Socket, "status").Length);

    [Fact]
    public void Only_its_owner_may_ask() => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Socket));

    [Fact]
    public void What_means_nothing_is_said_so()
    {
        Assert.Contains("not understood", Assert.Throws<IOException>(() => ControlQuery.Ask(Socket, "open sesame")).Message, StringComparison.Ordinal);
        using var socket = PacketSocket.Connect(Socket);
        socket.TrySend(new byte[10_000]);
        Assert.True(FileHandle.WaitReadable(socket.Descriptor, 5000));
        Assert.Equal(0, socket.Receive(new byte[100], out _));
    }

    [Fact]
    public void The_silent_are_let_go_and_hold_up_nobody()
    {
        var silent = Enumerable.Range(0, ControlServer.ClientsMax + 4).Select(_ => PacketSocket.Connect(Socket)).ToList();
        try
        {
            // All places are taken by those who say nothing: after two seconds they are free again.
            Assert.True(SpinWait.SpinUntil(() => TryAsk() is not null, TimeSpan.FromSeconds(8)));
        }
        finally
        {
            silent.ForEach(socket => socket.Dispose());
        }
    }

    [Fact]
    public void Where_nobody_answers_the_verbs_go_on_without()
    {
        Assert.Null(ControlQuery.TryStatus(null));
        Assert.Null(ControlQuery.TryStatus(Path.Combine(_directory, "nobody")));
        Assert.Null(ControlQuery.TryStatus(Socket));
    }

    [Fact]
    public void Health_is_a_line_and_nobody_there_an_error()
    {
        Assert.Equal("no turn since noon", ControlQuery.Health(Socket));
        Assert.Throws<LinuxException>(() => ControlQuery.Health(Path.Combine(_directory, "nobody")));
    }

    private byte[]? TryAsk()
    {
        try
        {
            return ControlQuery.Ask(Socket, "status");
        }
        catch (Exception refused) when (refused is IOException or LinuxException)
        {
            return null;
        }
    }
}
