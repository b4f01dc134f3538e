using System.Globalization;
using System.Text;
using Samepage.Linux;
using Samepage.Linux.Memory;
using Samepage.Linux.Sockets;
using Samepage.Server.Loop;

namespace Samepage.Server.Control;

/// <summary>Asks a running daemon. What lies at the path need not be one, and is not believed.</summary>
public static class ControlQuery
{
    private const int PatienceMilliseconds = 2000;

    /// <summary>Where the daemon stands; null where none runs, or it does not talk to this user.</summary>
    /// <param name="path">The socket; null: there is none.</param>
    public static DaemonStatus? TryStatus(string? path) => TryStatus(path, out _);

    /// <summary>The same, and whether one may run there that gave no answer: not to this user, not in time, or none that makes sense.</summary>
    public static DaemonStatus? TryStatus(string? path, out bool isSilent)
    {
        var json = TryAsk(path, "status", out isSilent);
        var status = json is null ? null : DaemonStatus.TryRead(json);
        isSilent |= json is not null && status is null;
        return status;
    }

    /// <summary>Whether a daemon goes on turning: "ok", or what is wrong with it.</summary>
    /// <exception cref="LinuxException">Nobody listens there, or not to this caller.</exception>
    /// <exception cref="IOException">There was no answer in time, or none that makes sense.</exception>
    public static string Health(string path) => Encoding.UTF8.GetString(Ask(path, "health")).TrimEnd();

    /// <summary>The latest decisions about a process or, where none is named, about the host; null as above.</summary>
    public static DecisionList? TryDecisions(string? path, int? pid) =>
        TryAsk(path, $"decisions {pid?.ToString(CultureInfo.InvariantCulture) ?? "host"}", out _) is { } json ? DecisionList.TryRead(json) : null;

    private static byte[]? TryAsk(string? path, string question, out bool isSilent)
    {
        isSilent = false;
        try
        {
            return path is null ? null : Ask(path, question);
        }
        catch (Exception nobody) when (nobody is LinuxException or IOException)
        {
            // A verb that asks works without an answer too.
            isSilent = nobody is not LinuxException { Errno: not (Errno.EACCES or Errno.EPERM or Errno.EAGAIN or Errno.EPIPE or Errno.ECONNRESET) };
            return null;
        }
    }

    /// <summary>Asks a question.</summary>
    /// <exception cref="LinuxException">Nobody listens there, or not to this caller.</exception>
    /// <exception cref="IOException">There was no answer in time, or an error, or none that makes sense.</exception>
    public static byte[] Ask(string path, string question)
    {
        using var socket = PacketSocket.Connect(path);
        _ = socket.TrySend(Encoding.UTF8.GetBytes(question));
        if (!FileHandle.WaitReadable(socket.Descriptor, PatienceMilliseconds))
        {
            throw new IOException($"{path}: no answer in {PatienceMilliseconds / 1000} s");
        }

        var answer = new byte[ControlSocket.AnswerBytesMax];
        var length = socket.Receive(answer, out var descriptor);
        try
        {
            if (length <= 0 || !answer.AsSpan(0, length).SequenceEqual("ok"u8) || !SealedMemory.IsSealed(descriptor, out var bytes) || bytes > ControlSocket.DocumentBytesMax)
            {
                throw new IOException($"{path}: {(length > 0 ? Encoding.UTF8.GetString(answer, 0, length) : "the connection was ended")}");
            }

            var document = new byte[bytes];
            FileHandle.ReadAt(descriptor, document, 0);
            return document;
        }
        finally
        {
            FileHandle.Close(ref descriptor);
        }
    }
}
