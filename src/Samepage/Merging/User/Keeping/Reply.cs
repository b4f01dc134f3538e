using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Samepage.Linux;
using Samepage.Merging.User.Protocol;

namespace Samepage.Merging.User.Keeping;

/// <summary>What comes of a message.</summary>
internal enum Outcome
{
    /// <summary>The reply is written and to be sent.</summary>
    Answered,

    /// <summary>The reply comes once the segment has been looked through.</summary>
    Later,

    /// <summary>It was not what the protocol allows: the connection is to be closed.</summary>
    Violation,
}

/// <summary>A reply in the making, in a buffer that is used again for the next.</summary>
internal sealed class Reply
{
    private readonly byte[] _buffer = GC.AllocateArray<byte>(ProtocolLimits.MessageBytesMax, pinned: true);

    /// <summary>A descriptor to send along, which stays its owner's; -1: none.</summary>
    public int Descriptor { get; private set; } = -1;

    /// <summary>The finished message.</summary>
    public ReadOnlySpan<byte> Message => _buffer.AsSpan(0, Length);

    private int Length { get; set; }

    /// <summary>The most common reply.</summary>
    public Outcome Done(uint sequence, Errno errno, ulong value = 0, int descriptor = -1)
    {
        Write(MessageKind.Done, sequence, new DoneBody { Errno = (int)errno, Value = value }, 0, descriptor);
        return Outcome.Answered;
    }

    /// <summary>Writes header and body.</summary>
    /// <returns>Room for what follows the body, to be filled by the caller.</returns>
    public Span<byte> Write<TBody>(MessageKind kind, uint sequence, in TBody body, int followingBytes, int descriptor = -1)
        where TBody : unmanaged
    {
        var header = new MessageHeader
        {
            Magic = ProtocolLimits.Magic,
            Version = ProtocolLimits.Version,
            Kind = kind,
            Sequence = sequence,
            BodyBytes = (uint)(Unsafe.SizeOf<TBody>() + followingBytes),
        };
        MemoryMarshal.Write(_buffer, header);
        MemoryMarshal.Write(_buffer.AsSpan(Unsafe.SizeOf<MessageHeader>()), body);
        var start = Unsafe.SizeOf<MessageHeader>() + Unsafe.SizeOf<TBody>();
        Length = start + followingBytes;
        Descriptor = descriptor;
        return _buffer.AsSpan(start, followingBytes);
    }
}
