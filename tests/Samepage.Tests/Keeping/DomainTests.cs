using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CsCheck;
using Samepage.Linux;
using Samepage.Linux.Memory;
using Samepage.Linux.Sockets;
using Samepage.Merging.User;
using Samepage.Merging.User.Keeping;
using Samepage.Merging.User.Protocol;
using Samepage.Pages;

namespace Samepage.Tests.Keeping;

/// <summary>A domain spoken to in packets, without sockets.</summary>
public sealed class DomainTests : IDisposable
{
    private const int PageSize = 4096;
    private readonly Domain _domain = new("test", new IndexLimits(1 << 20, 1 << 20), new SegmentLimits(8, 4, 2, 10));
    private readonly Reply _reply = new();
    private readonly Dictionary<Member, uint> _sequences = [];
    private uint _now;

    public void Dispose() => _domain.Dispose();

    [Fact]
    public void A_greeting_is_answered_with_the_key()
    {
        var member = Connect();
        Assert.Equal(Outcome.Violation, Say(Connect(), MessageKind.Post, new PostBody { Count = 1 }, new byte[12]));
        Assert.Equal(Outcome.Answered, Say(member, MessageKind.Hello, new HelloBody()));
        Assert.Equal(MessageKind.Welcome, Header().Kind);
        Assert.Equal(16 + 8 + PageHasher.KeyBytes, _reply.Message.Length);
        Assert.Equal(Outcome.Violation, Say(member, MessageKind.Hello, new HelloBody()));
    }

    /// <summary>What a member says of a page is not what others are sent to: the keeper looks for itself.</summary>
    [Fact]
    public void A_segment_is_looked_through_and_shared()
    {
        var (first, second) = (Join(out var hasher), Join(out _));
        var contents = Enumerable.Range(1, 600).Select(seed => (byte)(seed % 7)).ToArray();
        var file = Segment(contents);
        var number = Offer(first, file);
        Assert.NotEqual(0u, number);
        for (var content = 0; content < 7; content++)
        {
            var answer = Ask(second, hasher.Fingerprint(Page((byte)content)), 1);
            Assert.True(answer.IsStable && answer.Segment == number && contents[answer.Slot] == content && !answer.IsExtent);
        }

        Assert.Equal(Answer.Noted, Ask(second, 4711, 1));
        Assert.Equal(number, Offer(second, file));
        Assert.Equal(Outcome.Answered, Say(second, MessageKind.Close, new SegmentBody { Segment = number }));
        Assert.Equal(Outcome.Answered, Say(second, MessageKind.Open, new SegmentBody { Segment = number }));
        Assert.Equal((600UL, true), (Body<DoneBody>().Value, _reply.Descriptor >= 0));
        _domain.Remove(first);
        Assert.True(Ask(second, hasher.Fingerprint(Page(3)), 1).IsStable);
        _domain.Remove(second);
        Assert.Equal(0, _domain.Segments.Count);
        Assert.Equal(Answer.Noted, Ask(Join(out _), hasher.Fingerprint(Page(3)), 1));
        FileHandle.Close(ref file);
    }

    [Fact]
    public void Equal_pages_in_a_row_are_an_extent_and_one_odd_page_is_none()
    {
        var member = Join(out var hasher);
        var contents = new byte[1600];
        contents.AsSpan(0, 512).Fill(1);
        contents.AsSpan(512, 512).Fill(2);
        contents[700] = 3;
        contents.AsSpan(1024, 576).Fill(4);
        var file = Segment(contents);
        var number = Offer(member, file);
        Assert.Equal(Answer.Stable(number, 0, isExtent: true), Ask(member, hasher.Fingerprint(Page(1)), 1));
        Assert.Equal(Answer.Stable(number, 512, isExtent: false), Ask(member, hasher.Fingerprint(Page(2)), 1));
        Assert.Equal(Answer.Stable(number, 700, isExtent: false), Ask(member, hasher.Fingerprint(Page(3)), 1));
        Assert.Equal(Answer.Stable(number, 1024, isExtent: true), Ask(member, hasher.Fingerprint(Page(4)), 1));
        FileHandle.Close(ref file);
    }

    [Fact]
    public void Who_noted_what_another_wrote_gets_news_of_it()
    {
        var (noter, writer) = (Join(out var hasher), Join(out _));
        Assert.Equal(Answer.Noted, Ask(noter, hasher.Fingerprint(Page(9)), 1));
        Assert.Equal(Answer.Promote, Ask(writer, hasher.Fingerprint(Page(9)), 1));
        var file = Segment([9]);
        _ = Offer(writer, file);
        Assert.Equal((1u, 0u), (News(noter, 0), News(writer, 0)));
        Assert.Equal((1u, 0u, 0u), (News(noter, 1), News(noter, 2), News(noter, 2)));
        FileHandle.Close(ref file);
    }

    [Fact]
    public void Who_noted_what_it_wrote_at_another_time_gets_news_of_it_too()
    {
        var member = Join(out var hasher);
        Assert.Equal(Answer.Noted, Ask(member, hasher.Fingerprint(Page(9)), 1));
        Assert.Equal(Answer.Promote, Ask(member, hasher.Fingerprint(Page(9)), 2));
        var file = Segment([9]);
        _ = Offer(member, file);
        Assert.Equal(1u, News(member, 0));
        FileHandle.Close(ref file);
    }

    [Fact]
    public void But_not_of_pages_that_it_posted_together()
    {
        var member = Join(out var hasher);
        var fingerprint = hasher.Fingerprint(Page(9));
        var answers = new ulong[2];
        _domain.Index.Post(member.Number, [fingerprint, fingerprint], [1, 2], answers, 0);
        Assert.Equal([Answer.Noted.Bits, Answer.Promote.Bits], answers);
        var file = Segment([9]);
        _ = Offer(member, file);
        Assert.Equal(0u, News(member, 0));
        FileHandle.Close(ref file);
    }

    [Fact]
    public void What_is_no_segment_is_refused()
    {
        var member = Join(out _);
        var open = SealedMemory.Create("samepage-test");
        FileHandle.WriteAt(open, new byte[PageSize], 0);
        Assert.Equal(Errno.EINVAL, Refusal(member, open));
        FileHandle.WriteAt(open, new byte[100], PageSize);
        SealedMemory.Seal(open);
        Assert.Equal(Errno.EINVAL, Refusal(member, open));
        var empty = SealedMemory.Create("samepage-test");
        SealedMemory.Seal(empty);
        Assert.Equal(Errno.EINVAL, Refusal(member, empty));
        var large = Segment(new byte[ProtocolLimits.SegmentPagesMax + 1]);
        Assert.Equal(Errno.EINVAL, Refusal(member, large));
        Assert.Equal(0, _domain.Segments.Count);
        foreach (var file in new[] { open, empty, large })
        {
            var descriptor = file;
            FileHandle.Close(ref descriptor);
        }
    }

    [Fact]
    public void A_member_gets_only_so_many_segments()
    {
        var (greedy, other) = (Join(out _), Join(out _));
        var files = Enumerable.Range(0, 5).Select(content => Segment([(byte)content])).ToArray();
        Assert.All(files[..4], file => Assert.NotEqual(0u, Offer(greedy, file)));
        Assert.Equal(Errno.ENOSPC, Refusal(greedy, files[4]));
        Assert.NotEqual(0u, Offer(greedy, files[0]));
        Assert.NotEqual(0u, Offer(other, files[4]));
        foreach (var file in files)
        {
            var descriptor = file;
            FileHandle.Close(ref descriptor);
        }
    }

    [Fact]
    public void A_sparse_segment_is_to_be_emptied_and_forgotten()
    {
        var (first, second) = (Join(out var hasher), Join(out _));
        var file = Segment([.. Enumerable.Range(0, 64).Select(page => (byte)page)]);
        var number = Offer(first, file);
        _ = Offer(second, file);
        _now = 100;
        Assert.Empty(Retiring(first, number, 7));
        Assert.Empty(Retiring(second, number, 60));
        Assert.Empty(Retiring(second, number, 0));
        for (var i = 0; i < 3; i++)
        {
            _ = Retiring(first, number, 7);
        }

        Assert.Equal([number], Retiring(second, number, 0));
        Assert.Equal([number], Retiring(first, number, 7));
        Assert.Equal(Answer.Noted, Ask(first, hasher.Fingerprint(Page(5)), 1));
        Assert.Equal(Outcome.Answered, Say(second, MessageKind.Close, new SegmentBody { Segment = number }));
        Assert.Equal(Outcome.Answered, Say(first, MessageKind.Close, new SegmentBody { Segment = number }));
        Assert.Equal(0, _domain.Segments.Count);
        FileHandle.Close(ref file);
    }

    [Fact]
    public void A_query_is_answered_to_whoever_may_connect()
    {
        _domain.Describe = () => new DomainReporter(_domain, 1234).ToBytes();
        _ = Join(out _);
        Assert.Equal(Outcome.Answered, Say(Connect(), MessageKind.Query, default(Nothing)));
        var bytes = new byte[Body<DoneBody>().Value];
        FileHandle.ReadAt(_reply.Descriptor, bytes, 0);
        var report = DomainReport.TryRead(bytes)!;
        Assert.Equal(("test", 1.234, Environment.ProcessId), (report.Domain, report.UptimeSeconds, Assert.Single(report.Members).Pid));
    }

    /// <summary>Who answers may be anybody's program.</summary>
    [Theory]
    [InlineData("\"members\":[", "\"members\":[null,")]
    [InlineData("\"members\":[", "\"members\":[{},")]
    [InlineData("\"domain\":\"test\"", "\"domain\":null")]
    [InlineData("\"counters\":{", "\"counters\":null,\"others\":{")]
    [InlineData("samepage.domain/1", "samepage.domain/2")]
    public void A_report_that_lacks_something_is_none(string piece, string instead)
    {
        _ = Join(out _);
        var text = System.Text.Encoding.UTF8.GetString(new DomainReporter(_domain, 1234).ToBytes());
        Assert.Contains(piece, text, StringComparison.Ordinal);
        Assert.NotNull(DomainReport.TryRead(System.Text.Encoding.UTF8.GetBytes(text)));
        Assert.Null(DomainReport.TryRead(System.Text.Encoding.UTF8.GetBytes(text.Replace(piece, instead, StringComparison.Ordinal))));
    }

    [Fact]
    public void Figures_that_no_machine_could_have_can_be_added_up()
    {
        _ = Join(out _);
        var text = System.Text.Encoding.UTF8.GetString(new DomainReporter(_domain, 1234).ToBytes());
        var wild = System.Text.RegularExpressions.Regex.Replace(text, "\"(merged_pages|metadata_bytes|cpu_nanoseconds_total)\":\\d+", "\"$1\":18446744073709551615");
        var report = DomainReport.TryRead(System.Text.Encoding.UTF8.GetBytes(wild))!;
        var many = report with { Members = [.. Enumerable.Repeat(Assert.Single(report.Members), 4096)] };
        Assert.InRange(many.Members.Sum(member => (long)member.Counters.MergedPages * 4096), 1L << 59, long.MaxValue);
        Assert.InRange(many.Members.Sum(member => (long)member.Counters.MetadataBytes), 1L << 59, long.MaxValue);
    }

    [Fact]
    public void Garbage_never_throws() => Gen.Int.Sample(
        seed =>
        {
            var random = new Random(seed);
            using var domain = new Domain("fuzz", new IndexLimits(1 << 16, 1 << 16), new SegmentLimits(8, 4, 2, 10));
            var members = new List<Member>();
            for (var i = 0; i < 300; i++)
            {
                if (members.Count == 0 || random.Next(20) == 0)
                {
                    members.Add(new Member(new PeerCredentials(1, 0, 0)));
                    domain.Members.Add(members[^1]);
                }

                var member = members[random.Next(members.Count)];
                if (Fuzz(domain, member, random, (uint)i) == Outcome.Violation)
                {
                    domain.Remove(member);
                    members.Remove(member);
                }
            }
        },
        iter: 300, threads: 1);

    [Theory]
    [InlineData("a", true)]
    [InlineData("Build-farm_7.x", true)]
    [InlineData("", false)]
    [InlineData(".hidden", false)]
    [InlineData("a/b", false)]
    [InlineData("a b", false)]
    [InlineData("ä", false)]
    [InlineData("012345678901234567890123456789012345678901234567", false)]
    [InlineData("01234567890123456789012345678901234567890123456", true)]
    public void Names(string text, bool isName) => Assert.Equal(isName, DomainName.TryParse(text) is not null);

    /// <summary>Mostly well-formed, so that the inner checks are reached: each field is off once in a while.</summary>
    private Outcome Fuzz(Domain domain, Member member, Random random, uint now)
    {
        var body = new byte[random.Next(4) == 0 ? random.Next(2000) : new[] { 0, 8, 8, 16, 32, 20 + 12 * 5, Unsafe.SizeOf<ReportBody>() }[random.Next(7)]];
        random.NextBytes(body);
        if (body.Length >= 4 && random.Next(3) > 0)
        {
            BitConverter.TryWriteBytes(body, (uint)Math.Max(0, (body.Length - 8) / 12));
        }

        var header = new MessageHeader
        {
            Magic = random.Next(50) == 0 ? 0 : ProtocolLimits.Magic,
            Version = (ushort)(random.Next(50) == 0 ? 2 : ProtocolLimits.Version),
            Kind = (MessageKind)(member.HasJoined ? random.Next(14) : 1),
            Sequence = _sequences[member] = _sequences.GetValueOrDefault(member) + (random.Next(50) == 0 ? 2u : 1u),
            BodyBytes = (uint)(random.Next(50) == 0 ? random.Next() : body.Length),
        };
        if (header.Kind == MessageKind.Hello)
        {
            body = new byte[Unsafe.SizeOf<HelloBody>()];
            header.BodyBytes = (uint)body.Length;
        }

        byte[] packet = [.. MemoryMarshal.AsBytes(new ReadOnlySpan<MessageHeader>(in header)), .. body];
        packet = random.Next(30) == 0 ? packet[..random.Next(packet.Length)] : packet;
        var descriptor = header.Kind is MessageKind.Arm or MessageKind.Segment || random.Next(30) == 0 ? SealedMemory.Create("samepage-fuzz") : -1;
        var outcome = domain.Handle(member, packet, ref descriptor, _reply, now);
        FileHandle.Close(ref descriptor);
        return outcome;
    }

    private Member Connect()
    {
        var member = new Member(new PeerCredentials(Environment.ProcessId, 0, 0));
        _domain.Members.Add(member);
        return member;
    }

    private Member Join(out PageHasher hasher)
    {
        var member = Connect();
        Assert.Equal(Outcome.Answered, Say(member, MessageKind.Hello, new HelloBody()));
        hasher = new PageHasher(_reply.Message[(16 + Unsafe.SizeOf<WelcomeBody>())..]);
        return member;
    }

    private Outcome Say<TBody>(Member member, MessageKind kind, TBody body, byte[]? following = null, int descriptor = -1)
        where TBody : unmanaged
    {
        byte[] bytes = typeof(TBody) == typeof(Nothing) ? [] : MemoryMarshal.AsBytes(new ReadOnlySpan<TBody>(in body)).ToArray();
        var header = new MessageHeader
        {
            Magic = ProtocolLimits.Magic,
            Version = ProtocolLimits.Version,
            Kind = kind,
            Sequence = _sequences[member] = _sequences.GetValueOrDefault(member) + 1,
            BodyBytes = (uint)(bytes.Length + (following?.Length ?? 0)),
        };
        var outcome = _domain.Handle(
            member, [.. MemoryMarshal.AsBytes(new ReadOnlySpan<MessageHeader>(in header)), .. bytes, .. following ?? []], ref descriptor, _reply, _now);
        FileHandle.Close(ref descriptor);
        return outcome;
    }

    private Answer Ask(Member member, ulong fingerprint, uint token)
    {
        var page = new byte[12];
        MemoryMarshal.Write(page, fingerprint);
        MemoryMarshal.Write(page.AsSpan(8), token);
        Assert.Equal(Outcome.Answered, Say(member, MessageKind.Post, new PostBody { Count = 1 }, page));
        return new Answer(MemoryMarshal.Read<ulong>(_reply.Message[24..]));
    }

    private uint Offer(Member member, int file)
    {
        Assert.Equal(Outcome.Later, Say(member, MessageKind.Segment, default(Nothing), null, Duplicate(file)));
        Member? answered;
        do
        {
            answered = _domain.StepOffer(_reply, _now);
        }
        while (answered is null);
        Assert.Equal((member, 0), (answered, Body<DoneBody>().Errno));
        return (uint)Body<DoneBody>().Value;
    }

    private Errno Refusal(Member member, int file)
    {
        Assert.Equal(Outcome.Answered, Say(member, MessageKind.Segment, default(Nothing), null, Duplicate(file)));
        return (Errno)Body<DoneBody>().Errno;
    }

    private uint News(Member member, ulong passes)
    {
        var report = new ReportBody();
        report.Counters.PassesTotal = passes;
        Assert.Equal(Outcome.Answered, Say(member, MessageKind.Report, report));
        return Body<AcknowledgedBody>().News;
    }

    private uint[] Retiring(Member member, uint number, uint pages)
    {
        var use = new byte[8];
        MemoryMarshal.Write(use, new SegmentUse { Segment = number, Pages = pages });
        Assert.Equal(Outcome.Answered, Say(member, MessageKind.Report, new ReportBody { SegmentCount = 1 }, use));
        return MemoryMarshal.Cast<byte, uint>(_reply.Message[24..]).ToArray();
    }

    private MessageHeader Header() => MemoryMarshal.Read<MessageHeader>(_reply.Message);

    private TBody Body<TBody>()
        where TBody : unmanaged => MemoryMarshal.Read<TBody>(_reply.Message[16..]);

    private static int Duplicate(int file) => FileHandle.TryOpenForReadingAndWriting($"/proc/self/fd/{file}");

    private static int Segment(byte[] contents)
    {
        var file = SealedMemory.Create("samepage-test");
        for (var page = 0; page < contents.Length; page++)
        {
            FileHandle.WriteAt(file, Page(contents[page]), (long)page * PageSize);
        }

        SealedMemory.Seal(file);
        return file;
    }

    private static byte[] Page(byte content)
    {
        var page = new byte[PageSize];
        page.AsSpan().Fill(content);
        return page;
    }

    private struct Nothing;
}

/// <summary>Fingerprints of arrays, for tests.</summary>
internal static class PageHasherExtensions
{
    public static unsafe ulong Fingerprint(this PageHasher hasher, byte[] page)
    {
        fixed (byte* data = page)
        {
            return hasher.Fingerprint(data);
        }
    }
}
