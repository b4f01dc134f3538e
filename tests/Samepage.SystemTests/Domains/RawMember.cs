using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Samepage.Linux;
using Samepage.Linux.Memory;
using Samepage.Linux.Sockets;
using Samepage.Merging.User;
using Samepage.Merging.User.Protocol;
using Samepage.Pages;

namespace Samepage.SystemTests.Domains;

/// <summary>Speaks the protocol by hand: honestly, or in any other way.</summary>
internal sealed unsafe class RawMember : IDisposable
{
    private readonly byte[] _answer = new byte[ProtocolLimits.MessageBytesMax];
    private readonly EventPoll _poll = new();
    private int _descriptor = -1;
    private int _length;

    public RawMember(DomainName domain, bool joins = true)
    {
        Socket = PacketSocket.Connect(domain.SocketPath);
        _poll.Add(Socket.Descriptor, 1, Readiness.Read);
        if (joins)
        {
            Assert.Equal(MessageKind.Welcome, Exchange(MessageKind.Hello, new HelloBody()));
            Hasher = new PageHasher(Following<WelcomeBody>());
        }
    }

    public PacketSocket Socket { get; }

    public PageHasher? Hasher { get; }

    public uint Sequence { get; set; }

    /// <summary>What came with the last answer; -1: nothing.</summary>
    public int Descriptor => _descriptor;

    /// <summary>The longest time that an answer took.</summary>
    public TimeSpan Slowest { get; private set; }

    public static bool CanConnect(DomainName domain)
    {
        try
        {
            using var socket = PacketSocket.Connect(domain.SocketPath);
            return true;
        }
        catch (LinuxException)
        {
            return false;
        }
    }

    /// <summary>The page that a number stands for.</summary>
    public static byte[] Page(int content)
    {
        var page = new byte[4096];
        new Random(content).NextBytes(page);
        return page;
    }

    /// <summary>A memory file of such pages, sealed.</summary>
    public static int Segment(params IEnumerable<int> contents)
    {
        var file = SealedMemory.Create("samepage-kp");
        var slot = 0;
        foreach (var content in contents)
        {
            FileHandle.WriteAt(file, Page(content), 4096L * slot++);
        }

        SealedMemory.Seal(file);
        return file;
    }

    public ulong Fingerprint(int content)
    {
        fixed (byte* page = Page(content))
        {
            return Hasher!.Fingerprint(page);
        }
    }

    public Answer Ask(ulong fingerprint, uint token = 1)
    {
        Assert.Equal(MessageKind.Answers, Post([fingerprint], token));
        return new Answer(MemoryMarshal.Read<ulong>(Following<AnswersBody>()));
    }

    public MessageKind Post(ReadOnlySpan<ulong> fingerprints, uint token)
    {
        var following = new byte[fingerprints.Length * 12];
        MemoryMarshal.AsBytes(fingerprints).CopyTo(following);
        MemoryMarshal.Cast<byte, uint>(following.AsSpan(fingerprints.Length * 8)).Fill(token);
        return Exchange(MessageKind.Post, new PostBody { Count = (uint)fingerprints.Length }, following);
    }

    /// <summary>Offers a file and closes it; the answer, and the segment's number where it was taken.</summary>
    public (Errno Error, uint Segment) Offer(int file)
    {
        Assert.Equal(MessageKind.Done, Exchange(MessageKind.Segment, default(NoBody), null, file));
        FileHandle.Close(ref file);
        var done = Body<DoneBody>();
        return ((Errno)done.Errno, (uint)done.Value);
    }

    /// <summary>Opens a segment and reads one of its pages.</summary>
    public byte[] Read(uint segment, uint slot)
    {
        Assert.Equal(MessageKind.Done, Exchange(MessageKind.Open, new SegmentBody { Segment = segment }));
        Assert.Equal(0, Body<DoneBody>().Errno);
        Assert.True(SealedMemory.IsSealed(_descriptor, out var bytes));
        Assert.Equal(Body<DoneBody>().Value * 4096, (ulong)bytes);
        var page = new byte[4096];
        FileHandle.ReadAt(_descriptor, page, slot * 4096L);
        return page;
    }

    /// <summary>Sends a message and waits for its answer, ten seconds at most.</summary>
    public MessageKind Exchange<TBody>(MessageKind kind, TBody body, byte[]? following = null, int descriptor = -1)
        where TBody : unmanaged
    {
        var clock = Stopwatch.StartNew();
        Assert.True(Socket.TrySend(Message(kind, body, following), descriptor));
        Receive();
        Slowest = clock.Elapsed > Slowest ? clock.Elapsed : Slowest;
        var header = MemoryMarshal.Read<MessageHeader>(_answer);
        Assert.Equal((Sequence, (uint)_length - 16), (header.Sequence, header.BodyBytes));
        return header.Kind;
    }

    public byte[] Message<TBody>(MessageKind kind, TBody body, byte[]? following = null)
        where TBody : unmanaged
    {
        byte[] bytes = typeof(TBody) == typeof(NoBody) ? [] : MemoryMarshal.AsBytes(new ReadOnlySpan<TBody>(in body)).ToArray();
        var header = new MessageHeader
        {
            Magic = ProtocolLimits.Magic,
            Version = ProtocolLimits.Version,
            Kind = kind,
            Sequence = ++Sequence,
            BodyBytes = (uint)(bytes.Length + (following?.Length ?? 0)),
        };
        return [.. MemoryMarshal.AsBytes(new ReadOnlySpan<MessageHeader>(in header)), .. bytes, .. following ?? []];
    }

    /// <summary>Whether the keeper has closed the connection, within a time.</summary>
    public bool IsClosed(int milliseconds)
    {
        var clock = Stopwatch.StartNew();
        while (clock.ElapsedMilliseconds < milliseconds)
        {
            _ = _poll.Wait(new ReadyEvent[1], 50);
            if (Socket.Receive(_answer, out var descriptor) == 0)
            {
                return true;
            }

            FileHandle.Close(ref descriptor);
        }

        return false;
    }

    public TBody Body<TBody>()
        where TBody : unmanaged => MemoryMarshal.Read<TBody>(_answer.AsSpan(16));

    public ReadOnlySpan<byte> Following<TBody>()
        where TBody : unmanaged => _answer.AsSpan(16 + Unsafe.SizeOf<TBody>(), _length - 16 - Unsafe.SizeOf<TBody>());

    public void Dispose()
    {
        FileHandle.Close(ref _descriptor);
        Socket.Dispose();
        _poll.Dispose();
        Hasher?.Dispose();
    }

    /// <summary>Waits for an answer, ten seconds at most.</summary>
    public void Receive()
    {
        FileHandle.Close(ref _descriptor);
        var clock = Stopwatch.StartNew();
        do
        {
            // A signal ends a wait early, and says nothing.
            _ = _poll.Wait(new ReadyEvent[1], 10_000);
            _length = Socket.Receive(_answer, out _descriptor);
        }
        while (_length < 0 && clock.Elapsed.TotalSeconds < 10);
        Assert.True(_length > 0, _length == 0 ? "the keeper has closed the connection" : "no answer");
    }

    internal struct NoBody;
}
