using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Samepage.Linux;
using Samepage.Linux.Memory;
using Samepage.Linux.Sockets;
using Samepage.Merging.User.Keeping;
using Samepage.Merging.User.Protocol;

namespace Samepage.Merging.User;

/// <summary>Asks a keeper of its domain, without joining. What lies at the path need not be a keeper and is not believed.</summary>
public static class DomainQuery
{
    private const string NotForUs = "the keeper does not talk to this user";
    private const long ReportBytesMax = 64 << 20;

    /// <summary>Asks all keepers that this user can see.</summary>
    /// <param name="only">The domain to ask for; null: all.</param>
    /// <param name="silent">Told of each that gave no answer, and why.</param>
    public static IReadOnlyList<DomainReport> AskAll(DomainName? only, Action<DomainName, string>? silent = null)
    {
        var reports = new List<DomainReport>();
        foreach (var (name, path) in DomainName.Present().Where(found => only is null || found.Name.Text == only.Text))
        {
            try
            {
                reports.Add(Ask(path, TimeSpan.FromSeconds(2)));
            }
            catch (LinuxException error) when (error.Errno is Errno.ECONNREFUSED or Errno.ENOENT)
            {
                // What a killed keeper left behind is no domain.
            }
            catch (Exception error) when (error is LinuxException or IOException)
            {
                silent?.Invoke(name, error.Message);
            }
        }

        return reports;
    }

    /// <summary>Asks one keeper.</summary>
    /// <exception cref="LinuxException">Nobody listens there, or not to this caller.</exception>
    /// <exception cref="IOException">There was no answer in time, or none that makes sense.</exception>
    public static DomainReport Ask(string socketPath, TimeSpan timeout)
    {
        using var socket = PacketSocket.Connect(socketPath);
        using var poll = new EventPoll();
        poll.Add(socket.Descriptor, 1, Readiness.Read);
        var question = new MessageHeader { Magic = ProtocolLimits.Magic, Version = ProtocolLimits.Version, Kind = MessageKind.Query };
        try
        {
            _ = socket.TrySend(MemoryMarshal.AsBytes(new ReadOnlySpan<MessageHeader>(in question)));
        }
        catch (LinuxException closed) when (closed.Errno is Errno.EPIPE or Errno.ECONNRESET)
        {
            throw new IOException($"{socketPath}: {NotForUs}");
        }

        WaitForAnswer(poll, socketPath, timeout);
        var answer = new byte[ProtocolLimits.MessageBytesMax];
        var length = socket.Receive(answer, out var descriptor);
        try
        {
            return Read(answer.AsSpan(0, Math.Max(0, length)), descriptor)
                ?? throw new IOException($"{socketPath}: {(length == 0 ? NotForUs : "the keeper gave no sensible answer")}");
        }
        finally
        {
            FileHandle.Close(ref descriptor);
        }
    }

    private static void WaitForAnswer(EventPoll poll, string socketPath, TimeSpan timeout)
    {
        var ready = new ReadyEvent[1];
        var until = Environment.TickCount64 + (long)timeout.TotalMilliseconds;

        // A signal ends a wait early, and says nothing.
        while (poll.Wait(ready, (int)Math.Max(0, until - Environment.TickCount64)) == 0)
        {
            if (Environment.TickCount64 >= until)
            {
                throw new IOException($"{socketPath}: no answer in {timeout.TotalSeconds:0} s");
            }
        }
    }

    private static DomainReport? Read(ReadOnlySpan<byte> answer, int descriptor)
    {
        if (answer.Length != Unsafe.SizeOf<MessageHeader>() + Unsafe.SizeOf<DoneBody>()
            || MemoryMarshal.Read<MessageHeader>(answer) is not { Magic: ProtocolLimits.Magic, Kind: MessageKind.Done }
            || MemoryMarshal.Read<DoneBody>(answer[Unsafe.SizeOf<MessageHeader>()..]).Errno != 0
            || !SealedMemory.IsSealed(descriptor, out var bytes) || bytes > ReportBytesMax)
        {
            return null;
        }

        var text = new byte[bytes];
        FileHandle.ReadAt(descriptor, text, 0);
        return DomainReport.TryRead(text);
    }
}
