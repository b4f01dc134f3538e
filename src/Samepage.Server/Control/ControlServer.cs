using System.Text;
using Samepage.Linux;
using Samepage.Linux.Memory;
using Samepage.Linux.Sockets;

namespace Samepage.Server.Control;

/// <summary>
/// Answers questions on the control socket: to root and to the daemon's own user only, one question for each connection,
/// a few clients at a time, two seconds each. It has a thread of its own; nothing that a client does or leaves undone
/// holds anybody else up for longer than that.
/// </summary>
public sealed class ControlServer : IDisposable
{
    /// <summary>Who comes while so many are connected is turned away.</summary>
    public const int ClientsMax = 16;

    private const ulong ListenerTag = 0;
    private const int OwnerOnly = 0x180;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    private readonly string _path;
    private readonly Func<string, byte[]?> _answer;
    private readonly PacketSocket _listener;
    private readonly EventPoll _poll = new();
    private readonly Dictionary<ulong, (PacketSocket Socket, long Until)> _clients = [];
    private readonly Thread _thread;
    private ulong _number;
    private volatile bool _isEnding;

    private ControlServer(string path, Func<string, byte[]?> answer)
    {
        (_path, _answer) = (path, answer);
        _listener = PacketSocket.Listen(path, OwnerOnly);
        _poll.Add(_listener.Descriptor, ListenerTag, Readiness.Read);
        _thread = new Thread(Run) { IsBackground = true, Name = "control" };
    }

    /// <summary>Begins to answer at a path; what is left there by a daemon that was killed is removed, so hold the lock.</summary>
    /// <param name="path">Where.</param>
    /// <param name="answer">Answers a question; null where it means nothing. Called on the server's thread.</param>
    /// <exception cref="LinuxException">The path cannot be had.</exception>
    public static ControlServer Start(string path, Func<string, byte[]?> answer)
    {
        File.Delete(path);
        var server = new ControlServer(path, answer);
        server._thread.Start();
        return server;
    }

    /// <summary>Ends all connections and removes the socket.</summary>
    public void Dispose()
    {
        _isEnding = true;
        _poll.Wake();
        _thread.Join();
        _listener.Dispose();
        _poll.Dispose();
        File.Delete(_path);
    }

    private static long Now => Environment.TickCount64;

    private void Run()
    {
        var ready = new ReadyEvent[ClientsMax + 1];
        while (!_isEnding)
        {
            var found = _poll.Wait(ready, _clients.Count == 0 ? -1 : 250);
            foreach (var one in ready.AsSpan(0, found))
            {
                if (one.Tag == ListenerTag)
                {
                    Accept();
                }
                else if (_clients.ContainsKey(one.Tag))
                {
                    Serve(one.Tag);
                }
            }

            foreach (var late in _clients.Where(client => client.Value.Until <= Now).Select(client => client.Key).ToList())
            {
                End(late);
            }
        }

        foreach (var left in _clients.Keys.ToList())
        {
            End(left);
        }
    }

    private void Accept()
    {
        try
        {
            while (_listener.Accept() is { } socket)
            {
                if (_clients.Count >= ClientsMax || !IsAllowed(socket))
                {
                    socket.Dispose();
                    continue;
                }

                var tag = ++_number;
                _clients.Add(tag, (socket, Now + (long)s_patience.TotalMilliseconds));
                _poll.Add(socket.Descriptor, tag, Readiness.Read);
            }
        }
        catch (LinuxException)
        {
            // No descriptors are left: who waits is accepted when some are, and must not cost a core until then.
            Thread.Sleep(100);
        }
    }

    private static bool IsAllowed(PacketSocket socket) => socket.Peer.UserId is var user && (user == 0 || user == CurrentUser.Id);

    private void Serve(ulong tag)
    {
        var question = new byte[ControlSocket.QuestionBytesMax];
        try
        {
            var socket = _clients[tag].Socket;
            var length = socket.Receive(question, out var descriptor);
            FileHandle.Close(ref descriptor);
            if (length < 0)
            {
                return;
            }

            if (length > 0)
            {
                Answer(socket, Encoding.UTF8.GetString(question, 0, length));
            }
        }
        catch (LinuxException)
        {
            // It has gone; that is its business.
        }

        End(tag);
    }

    private void Answer(PacketSocket socket, string question)
    {
        if (_answer(question) is not { } document)
        {
            _ = socket.TrySend("error: not understood; ask 'status', 'health', 'decisions host' or 'decisions PID'"u8);
            return;
        }

        var file = SealedMemory.Create("samepage-answer");
        try
        {
            FileHandle.WriteAt(file, document, 0);
            SealedMemory.Seal(file);
            _ = socket.TrySend("ok"u8, file);
        }
        finally
        {
            FileHandle.Close(ref file);
        }
    }

    private void End(ulong tag)
    {
        _clients[tag].Socket.Dispose();
        _clients.Remove(tag);
    }
}
