using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Samepage.Linux;
using Samepage.Linux.Memory;
using Samepage.Linux.Proc;
using Samepage.Linux.Sockets;
using Samepage.Merging.User.Keeping;
using Samepage.Merging.User.Protocol;

namespace Samepage.Merging.User;

/// <summary>
/// Asks a keeper of its domain, without joining. What lies at the path need not be a keeper: nothing that it says can do
/// more than mislead about its own user's processes.
/// </summary>
public static class DomainQuery
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2), s_patienceAfterSilence = TimeSpan.FromMilliseconds(20);

    private const string NotForUs = "the keeper does not talk to this user";
    private const long ReportBytesMax = 8 << 20;

    /// <summary>Asks all keepers that this user can see.</summary>
    /// <param name="only">The domain to ask for; null: all.</param>
    /// <param name="silent">Told of each that gave no answer, by its label, and why.</param>
    public static IReadOnlyList<DomainReport> AskAll(DomainName? only, Action<string, string>? silent = null)
    {
        var reports = new List<DomainReport>();
        var patience = new Dictionary<uint, TimeSpan>();
        foreach (var place in DomainName.Present().Where(found => only is null || found.Name.Text == only.Text))
        {
            try
            {
                reports.Add(Ask(place, patience.GetValueOrDefault(place.Owner, s_patience)));
            }
            catch (LinuxException error) when (error.Errno is Errno.ECONNREFUSED or Errno.ENOENT)
            {
                // What a killed keeper left behind is no domain.
            }
            catch (Exception error) when (error is LinuxException or IOException)
            {
                // Many that keep silent must not keep everybody waiting that often.
                patience[place.Owner] = place.IsForeign ? s_patienceAfterSilence : s_patience;
                silent?.Invoke(place.Label, error.Message);
            }
        }

        return reports;
    }

    /// <summary>Asks the keeper of a domain at its usual place for this user.</summary>
    /// <exception cref="LinuxException">Nobody listens there, or not to this caller.</exception>
    /// <exception cref="IOException">There was no answer in time, or none that makes sense.</exception>
    public static DomainReport Ask(DomainName name, TimeSpan timeout) =>
        Ask(new DomainPlace(name, name.SocketPath, CurrentUser.Id, IsForeign: false), timeout);

    /// <summary>Asks one keeper. A foreign one is given its label for a name, and only processes of its own user for members.</summary>
    /// <exception cref="LinuxException">Nobody listens there, or not to this caller.</exception>
    /// <exception cref="IOException">There was no answer in time, or none that makes sense.</exception>
    public static DomainReport Ask(DomainPlace place, TimeSpan timeout)
    {
        var socketPath = place.SocketPath;
        using var socket = PacketSocket.Connect(socketPath);
        if (socket.Peer.UserId is var keeper && keeper != 0 && keeper != place.Owner)
        {
            throw new IOException(FormattableString.Invariant($"{socketPath}: user {keeper} listens in a directory of user {place.Owner}"));
        }

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
            return Read(answer.AsSpan(0, Math.Max(0, length)), descriptor) is { } report && report.Domain == place.Name.Text
                ? place.IsForeign ? Own(report, place) : report
                : throw new IOException($"{socketPath}: {(length == 0 ? NotForUs : "the keeper gave no sensible answer")}");
        }
        finally
        {
            FileHandle.Close(ref descriptor);
        }
    }

    private static DomainReport Own(DomainReport report, DomainPlace place)
    {
        var proc = new ProcFs();
        return report with
        {
            Domain = place.Label,
            Members = [.. report.Members.DistinctBy(member => member.Pid).Where(member => ProcessStatus.TryRead(proc, member.Pid)?.UserId == place.Owner)],
        };
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
