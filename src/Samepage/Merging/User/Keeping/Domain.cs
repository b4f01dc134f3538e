using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Samepage.Linux;
using Samepage.Linux.Memory;
using Samepage.Merging.User.Protocol;
using Samepage.Pages;

namespace Samepage.Merging.User.Keeping;

/// <summary>
/// What a keeper knows of its domain, and how it answers messages. Knows nothing of sockets: whoever calls brings packets
/// and takes replies. Nothing that a member sends makes it throw. Not thread-safe.
/// </summary>
internal sealed partial class Domain : IDisposable
{
    private readonly byte[] _key = PageHasher.DrawKey();
    private readonly PageHasher _hasher;
    private readonly SegmentIntake _intake;
    private readonly SegmentNumbers _numbers = new();
    private readonly Queue<Offer> _offers = new();
    private int _scratch = -1;
    private int _userfaultDevice = FileHandle.TryOpenForReadingAndWriting("/dev/userfaultfd");
    private bool _isIntakeBegun;

    /// <summary>An empty domain with a key of its own.</summary>
    public Domain(string name, IndexLimits indexLimits, SegmentLimits segmentLimits)
    {
        Name = name;
        _hasher = new PageHasher(_key);
        _intake = new SegmentIntake(_hasher);
        Index = new DomainIndex(Ledger, _numbers, indexLimits);
        Segments = new SegmentTable(_numbers, segmentLimits);
    }

    public string Name { get; }

    public DomainIndex Index { get; }

    public SegmentTable Segments { get; }

    public MemberLedger Ledger { get; } = new();

    /// <summary>Contents that a stable page holds.</summary>
    public long StableContents => _numbers.LivingEntries;

    /// <summary>Everybody connected, members first of all.</summary>
    public HashSet<Member> Members { get; } = [];

    /// <summary>Whether segments wait to be looked through.</summary>
    public bool HasOffers => _offers.Count > 0;

    /// <summary>Answers one packet.</summary>
    /// <param name="member">Who sent it.</param>
    /// <param name="packet">What it sent, which is not believed.</param>
    /// <param name="descriptor">What came along; -1 once it is taken over. The caller closes what is left.</param>
    /// <param name="reply">Filled where the outcome is an answer.</param>
    /// <param name="now">The time in units of 100 ms.</param>
    public Outcome Handle(Member member, ReadOnlySpan<byte> packet, ref int descriptor, Reply reply, uint now)
    {
        if (packet.Length < Unsafe.SizeOf<MessageHeader>())
        {
            return Outcome.Violation;
        }

        var header = MemoryMarshal.Read<MessageHeader>(packet);
        var body = packet[Unsafe.SizeOf<MessageHeader>()..];
        var takesDescriptor = header.Kind is MessageKind.Arm or MessageKind.Segment;
        if (header.Magic != ProtocolLimits.Magic || header.Version != ProtocolLimits.Version || header.BodyBytes != body.Length
            || !member.Follows(header.Sequence) || takesDescriptor != descriptor >= 0
            || !member.HasJoined && header.Kind is not (MessageKind.Hello or MessageKind.Query))
        {
            return Outcome.Violation;
        }

        return header.Kind switch
        {
            MessageKind.Hello => Hello(member, header.Sequence, body, reply),
            MessageKind.Arm => Arm(header.Sequence, body, descriptor, reply),
            MessageKind.Post => Post(member, header.Sequence, body, reply, now),
            MessageKind.Segment => Offered(member, header.Sequence, body, ref descriptor, reply),
            MessageKind.Open => Open(member, header.Sequence, body, reply),
            MessageKind.Close => Close(member, header.Sequence, body, reply),
            MessageKind.Report => Report(member, header.Sequence, body, reply, now),
            MessageKind.Scratch when body.Length == 0 => Scratch(header.Sequence, reply),
            MessageKind.Query when body.Length == 0 => Query(header.Sequence, reply, now),
            _ => Outcome.Violation,
        };
    }

    /// <summary>Forgets one who is gone, and all that was only for it.</summary>
    public void Remove(Member member)
    {
        Members.Remove(member);
        Segments.LeaveAll(member);
        if (member.HasJoined)
        {
            Ledger.Remove(member.Number);
            member.Number = -1;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var offer in _offers)
        {
            var descriptor = offer.Descriptor;
            FileHandle.Close(ref descriptor);
        }

        Segments.CloseAll();
        FileHandle.Close(ref _userfaultDevice);
        FileHandle.Close(ref _scratch);
        FileHandle.Close(ref _report);
        Index.Dispose();
        _intake.Dispose();
        _hasher.Dispose();
    }

    private Outcome Hello(Member member, uint sequence, ReadOnlySpan<byte> body, Reply reply)
    {
        if (member.HasJoined || body.Length != Unsafe.SizeOf<HelloBody>())
        {
            return Outcome.Violation;
        }

        member.Number = Ledger.Add();
        if (!member.HasJoined)
        {
            return reply.Done(sequence, Errno.EAGAIN);
        }

        var welcome = new WelcomeBody { Member = (uint)member.Number, KeyBytes = PageHasher.KeyBytes };
        _key.CopyTo(reply.Write(MessageKind.Welcome, sequence, welcome, PageHasher.KeyBytes, _userfaultDevice));
        return Outcome.Answered;
    }

    private static Outcome Arm(uint sequence, ReadOnlySpan<byte> body, int descriptor, Reply reply)
    {
        if (body.Length != Unsafe.SizeOf<ArmBody>() || !UserfaultArming.IsUserfault(descriptor))
        {
            return Outcome.Violation;
        }

        var error = UserfaultArming.Arm(descriptor, MemoryMarshal.Read<ArmBody>(body).Features, out var offered);
        return reply.Done(sequence, error, offered);
    }

    /// <summary>Each gets one of its own, in a file system of its own: nobody can fill up or see another's.</summary>
    private Outcome Scratch(uint sequence, Reply reply)
    {
        // The last one has been sent, or never will be.
        FileHandle.Close(ref _scratch);
        _scratch = ScratchFile.TryCreate(ProtocolLimits.ScratchBytes);
        return reply.Done(sequence, _scratch < 0 ? Errno.EPERM : Errno.None, ProtocolLimits.ScratchBytes, _scratch);
    }

    private Outcome Post(Member member, uint sequence, ReadOnlySpan<byte> body, Reply reply, uint now)
    {
        if (!TrySplit<PostBody>(body, out var post, out var pages)
            || post.Count is 0 or > ProtocolLimits.PostPagesMax || pages.Length != post.Count * (sizeof(ulong) + sizeof(uint)))
        {
            return Outcome.Violation;
        }

        var fingerprints = MemoryMarshal.Cast<byte, ulong>(pages[..((int)post.Count * sizeof(ulong))]);
        var tokens = MemoryMarshal.Cast<byte, uint>(pages[((int)post.Count * sizeof(ulong))..]);
        var answers = reply.Write(MessageKind.Answers, sequence, new AnswersBody { Count = post.Count }, (int)post.Count * sizeof(ulong));
        Index.Post(member.Number, fingerprints, tokens, MemoryMarshal.Cast<byte, ulong>(answers), now);
        return Outcome.Answered;
    }

    /// <summary>A body and what follows it.</summary>
    private static bool TrySplit<TBody>(ReadOnlySpan<byte> bytes, out TBody body, out ReadOnlySpan<byte> following)
        where TBody : unmanaged
    {
        if (bytes.Length < Unsafe.SizeOf<TBody>())
        {
            body = default;
            following = default;
            return false;
        }

        body = MemoryMarshal.Read<TBody>(bytes);
        following = bytes[Unsafe.SizeOf<TBody>()..];
        return true;
    }
}
