using System.Runtime.InteropServices;
using Samepage.Linux;
using Samepage.Linux.Memory;
using Samepage.Linux.Sockets;
using Samepage.Merging.User.Protocol;
using Samepage.Pages;

namespace Samepage.Merging.User.Engine;

/// <summary>The keeper is gone, or does not answer as it should: the connection is to be given up.</summary>
internal sealed class KeeperLostException(string message) : Exception(message);

/// <summary>
/// The member's end of the conversation with its keeper: asks, and waits a bounded time for the answer. Nothing that a
/// keeper says is believed where a byte of the program depends on it. One thread: the engine's.
/// </summary>
internal sealed unsafe class KeeperLink : IDisposable
{
    private const int PatienceMilliseconds = 10_000;
    private readonly PacketSocket _socket;
    private readonly AnonymousMemory _memory = new(2 * ProtocolLimits.MessageBytesMax, hugePages: false);
    private uint _sequence;

    private KeeperLink(PacketSocket socket) => _socket = socket;

    /// <summary>The socket.</summary>
    public int Descriptor => _socket.Descriptor;

    /// <summary>The key of the domain's fingerprints.</summary>
    public byte[] Key { get; private set; } = [];

    /// <summary>A descriptor of /dev/userfaultfd that the keeper handed over, the caller's to close; -1: none.</summary>
    public int Device { get; private set; } = -1;

    /// <summary>Connects and joins.</summary>
    /// <param name="path">The keeper's socket.</param>
    /// <exception cref="LinuxException">Nobody listens there, or we may not speak to whom does.</exception>
    /// <exception cref="KeeperLostException">It does not let us in.</exception>
    public static KeeperLink Join(string path)
    {
        var socket = PacketSocket.Connect(path);
        var link = new KeeperLink(socket);
        try
        {
            // Whoever listens there must be one of us: else it is not the keeper that the path promises.
            var keeper = socket.Peer;
            if (keeper.UserId != 0 && keeper.UserId != CurrentUser.Id)
            {
                throw new KeeperLostException($"who listens at {path} is user {keeper.UserId}, neither root nor this program's user");
            }

            link.SayHello();
            return link;
        }
        catch
        {
            link.Dispose();
            throw;
        }
    }

    /// <summary>Asks what to do with pages.</summary>
    /// <param name="pages">Their fingerprints and tokens; answers are filled in.</param>
    public void Post(Span<PostedPage> pages)
    {
        while (!pages.IsEmpty)
        {
            var now = pages[..Math.Min(pages.Length, ProtocolLimits.PostPagesMax)];
            var body = Begin();
            *(PostBody*)body = new PostBody { Count = (uint)now.Length };
            var fingerprints = (ulong*)(body + sizeof(PostBody));
            var tokens = (uint*)(fingerprints + now.Length);
            for (var i = 0; i < now.Length; i++)
            {
                fingerprints[i] = now[i].Fingerprint;
                tokens[i] = now[i].Token;
            }

            var length = Ask(MessageKind.Post, sizeof(PostBody) + now.Length * 12, -1, MessageKind.Answers, out _);
            var answers = (AnswersBody*)Reply;
            if (length != sizeof(AnswersBody) + now.Length * sizeof(ulong) || answers->Count != now.Length)
            {
                throw new KeeperLostException("the keeper answered another number of pages");
            }

            for (var i = 0; i < now.Length; i++)
            {
                now[i].Answer = new Answer(((ulong*)(answers + 1))[i]);
            }

            pages = pages[now.Length..];
        }
    }

    /// <summary>Hands over a sealed segment.</summary>
    /// <returns>Its number; null where the keeper does not take it.</returns>
    public uint? Offer(int descriptor)
    {
        _ = Begin();
        var done = AskDone(MessageKind.Segment, 0, descriptor, out _);
        return done.Errno == 0 ? (uint)done.Value : null;
    }

    /// <summary>Asks for a segment; from then on this member counts as its user.</summary>
    /// <returns>Its descriptor, the caller's to close; -1 where it is gone.</returns>
    public int Open(uint segment)
    {
        *(SegmentBody*)Begin() = new SegmentBody { Segment = segment };
        var done = AskDone(MessageKind.Open, sizeof(SegmentBody), -1, out var descriptor);
        return done.Errno == 0 ? descriptor : -1;
    }

    /// <summary>Tells that nothing of a segment is mapped here any more.</summary>
    public void Close(uint segment)
    {
        *(SegmentBody*)Begin() = new SegmentBody { Segment = segment };
        _ = AskDone(MessageKind.Close, sizeof(SegmentBody), -1, out _);
    }

    /// <summary>Has a privileged keeper ask the kernel for features of a userfaultfd.</summary>
    public bool Arm(int descriptor, ulong features)
    {
        *(ArmBody*)Begin() = new ArmBody { Features = features };
        return AskDone(MessageKind.Arm, sizeof(ArmBody), descriptor, out _).Errno == 0;
    }

    /// <summary>Borrows a file to copy pages into.</summary>
    /// <returns>Its descriptor, the caller's to close; -1 where the keeper has none to give.</returns>
    public int BorrowScratch()
    {
        _ = Begin();
        var done = AskDone(MessageKind.Scratch, 0, -1, out var descriptor);
        return done.Errno == 0 ? descriptor : -1;
    }

    /// <summary>Reports, and learns what is new.</summary>
    /// <param name="counters">This member's.</param>
    /// <param name="shelf">The segments in use; those that should be emptied are marked.</param>
    /// <returns>Contents promoted by others of which this member had noted a page.</returns>
    public uint Report(EngineCounters counters, Shelf shelf)
    {
        var body = (ReportBody*)Begin();
        *body = new ReportBody { Counters = counters.Now };
        counters.Stalls.CopyTo(new Span<ulong>(body->Stalls, ReportBody.StallBuckets));
        System.Text.Encoding.UTF8.GetEncoder().Convert(
            counters.Reason, new Span<byte>(body->Reason, ReportBody.ReasonBytes - 1), flush: true, out _, out _, out _);
        var uses = (SegmentUse*)(body + 1);
        var count = 0;
        foreach (var segment in shelf.Segments.Values)
        {
            if (count < ProtocolLimits.ReportedSegmentsMax)
            {
                uses[count++] = new SegmentUse { Segment = segment.Number, Pages = (uint)Math.Max(0, segment.MappedPages - segment.BrokenPages) };
            }
        }

        body->SegmentCount = (uint)count;
        var length = Ask(
            MessageKind.Report, sizeof(ReportBody) + count * sizeof(SegmentUse), -1, MessageKind.Acknowledged, out _);
        var acknowledged = (AcknowledgedBody*)Reply;
        if (length < sizeof(AcknowledgedBody) || length != sizeof(AcknowledgedBody) + (long)acknowledged->RetiringCount * sizeof(uint))
        {
            throw new KeeperLostException("the keeper acknowledged in a way that this member does not know");
        }

        for (var i = 0; i < acknowledged->RetiringCount; i++)
        {
            if (shelf.PlaceOf(((uint*)(acknowledged + 1))[i]) is var place && place != 0)
            {
                shelf.At(place).RetiringSince ??= LookSchedule.Now;
            }
        }

        return acknowledged->News;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _socket.Dispose();
        _memory.Dispose();
        CloseDevice();
    }

    /// <summary>Closes the device's descriptor once it is not needed any more.</summary>
    public void CloseDevice()
    {
        if (Device >= 0)
        {
            FileHandle.Close(Device);
            Device = -1;
        }
    }

    private byte* Reply => _memory.Data + ProtocolLimits.MessageBytesMax + sizeof(MessageHeader);

    private void SayHello()
    {
        *(HelloBody*)Begin() = new HelloBody { EngineThread = CurrentThread.Id };
        var length = Ask(MessageKind.Hello, sizeof(HelloBody), -1, MessageKind.Welcome, out var device);
        Device = device;
        if (length != sizeof(WelcomeBody) + PageHasher.KeyBytes)
        {
            throw new KeeperLostException("the keeper speaks another version");
        }

        Key = new ReadOnlySpan<byte>(Reply + sizeof(WelcomeBody), PageHasher.KeyBytes).ToArray();
    }

    /// <summary>Where the body of the next message goes.</summary>
    private byte* Begin() => _memory.Data + sizeof(MessageHeader);

    private DoneBody AskDone(MessageKind kind, int bodyBytes, int descriptor, out int received) =>
        Ask(kind, bodyBytes, descriptor, MessageKind.Done, out received) == sizeof(DoneBody)
            ? *(DoneBody*)Reply
            : throw new KeeperLostException("the keeper's answer has an odd length");

    /// <summary>Sends the message that was begun, and waits for its answer.</summary>
    /// <returns>Length of the answer's body.</returns>
    private int Ask(MessageKind kind, int bodyBytes, int descriptor, MessageKind expected, out int received)
    {
        var header = (MessageHeader*)_memory.Data;
        *header = new MessageHeader
        {
            Magic = ProtocolLimits.Magic,
            Version = ProtocolLimits.Version,
            Kind = kind,
            Sequence = ++_sequence,
            BodyBytes = (uint)bodyBytes,
        };
        try
        {
            if (!_socket.TrySend(new ReadOnlySpan<byte>(header, sizeof(MessageHeader) + bodyBytes), descriptor))
            {
                throw new KeeperLostException("the keeper does not read");
            }

            var buffer = new Span<byte>(_memory.Data + ProtocolLimits.MessageBytesMax, ProtocolLimits.MessageBytesMax);
            var got = -1;
            received = -1;
            while (got < 0)
            {
                if (!FileHandle.WaitReadable(_socket.Descriptor, PatienceMilliseconds))
                {
                    throw new KeeperLostException("the keeper does not answer");
                }

                got = _socket.Receive(buffer, out received);
            }

            return Check(got, expected, ref received);
        }
        catch (LinuxException error)
        {
            throw new KeeperLostException(error.Message);
        }
    }

    private int Check(int got, MessageKind expected, ref int received)
    {
        var header = (MessageHeader*)(_memory.Data + ProtocolLimits.MessageBytesMax);
        if (got >= sizeof(MessageHeader) && header->Magic == ProtocolLimits.Magic && header->Version == ProtocolLimits.Version
            && header->Kind == expected && header->Sequence == _sequence && header->BodyBytes == got - sizeof(MessageHeader))
        {
            return (int)header->BodyBytes;
        }

        if (received >= 0)
        {
            FileHandle.Close(received);
            received = -1;
        }

        throw new KeeperLostException(got == 0 ? "the keeper has ended" : "the keeper speaks another version");
    }
}

/// <summary>A page about which the keeper is asked.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PostedPage
{
    /// <summary>The content.</summary>
    public ulong Fingerprint;

    /// <summary>What the keeper says of it.</summary>
    public Answer Answer;

    /// <summary>Names the page within this member: the low bits of its page number.</summary>
    public uint Token;

    /// <summary>Place in the batch's list of chunks.</summary>
    public ushort Chunk;

    /// <summary>Place in the 2 MiB of the chunk.</summary>
    public ushort Page;
}
