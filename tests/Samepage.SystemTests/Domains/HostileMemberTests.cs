using System.Diagnostics;
using Samepage.Linux;
using Samepage.Linux.Memory;
using Samepage.Merging.User.Protocol;

namespace Samepage.SystemTests.Domains;

/// <summary>
/// What a member may do wrong, while an honest one goes on getting right answers in time. Each hostile act is first shown
/// to have had its effect on the hostile member itself.
/// </summary>
public class HostileMemberTests
{
    private const int QuotaNotes = 20_000;

    /// <summary>Generous: six test runs may share two cores. What would hang would do so for seconds.</summary>
    private static readonly TimeSpan s_timely = TimeSpan.FromSeconds(2);

    [Fact]
    public void Garbage_closes_only_the_connection_it_came_from() => Under(domain =>
    {
        var random = new Random(1);
        for (var i = 0; i < 200; i++)
        {
            using var hostile = new RawMember(domain, joins: i % 2 == 0);
            var bytes = i % 3 == 0
                ? hostile.Message(MessageKind.Post, new PostBody { Count = (uint)random.Next(1, 5000) }, new byte[random.Next(40_000)])
                : new byte[random.Next(1, 60_000)];
            if (i % 3 != 0)
            {
                random.NextBytes(bytes);
            }

            Assert.True(hostile.Socket.TrySend(bytes));
            Assert.True(hostile.IsClosed(5000), $"garbage {i} was let pass");
        }
    });

    [Fact]
    public void Truncated_oversize_and_out_of_turn_messages_end_the_connection() => Under(domain =>
    {
        foreach (var spoil in new Func<RawMember, byte[]>[]
        {
            member => member.Message(MessageKind.Close, new SegmentBody())[..20],
            member => [.. member.Message(MessageKind.Close, new SegmentBody()), 0],
            member => member.Message(MessageKind.Close, default(RawMember.NoBody), new byte[ProtocolLimits.MessageBytesMax]),
            member => member.Message(MessageKind.Hello, new HelloBody()),
            member => member.Message(MessageKind.Welcome, new WelcomeBody()),
            member => { member.Sequence += 5; return member.Message(MessageKind.Close, new SegmentBody()); },
        })
        {
            using var hostile = new RawMember(domain);
            Assert.Equal(MessageKind.Done, hostile.Exchange(MessageKind.Close, new SegmentBody()));
            Assert.True(hostile.Socket.TrySend(spoil(hostile)));
            Assert.True(hostile.IsClosed(5000));
        }
    });

    [Fact]
    public void Descriptors_where_none_belongs_end_the_connection_and_do_not_pile_up() => Under(domain =>
    {
        for (var i = 0; i < 300; i++)
        {
            var file = RawMember.Segment(1);
            using var hostile = new RawMember(domain, joins: false);
            Assert.True(hostile.Socket.TrySend(hostile.Message(MessageKind.Hello, new HelloBody()), file));
            Assert.True(hostile.IsClosed(5000));
            FileHandle.Close(ref file);
        }

        using var bare = new RawMember(domain);
        Assert.True(bare.Socket.TrySend(bare.Message(MessageKind.Segment, default(RawMember.NoBody))));
        Assert.True(bare.IsClosed(5000));
        using var odd = new RawMember(domain);
        var notUserfault = RawMember.Segment(1);
        Assert.True(odd.Socket.TrySend(odd.Message(MessageKind.Arm, new ArmBody()), notUserfault));
        Assert.True(odd.IsClosed(5000));
        FileHandle.Close(ref notUserfault);
    });

    [Fact]
    public void Unsealed_sparse_and_later_resized_segments_are_refused() => Under(domain =>
    {
        using var hostile = new RawMember(domain);
        var unsealed = SealedMemory.Create("samepage-kp");
        FileHandle.WriteAt(unsealed, RawMember.Page(1), 0);
        var still = FileHandle.TryOpenForReadingAndWriting($"/proc/self/fd/{unsealed}");
        Assert.Equal(Errno.EINVAL, hostile.Offer(unsealed).Error);
        FileHandle.WriteAt(still, RawMember.Page(2), 8192);
        SealedMemory.Seal(still);
        Assert.Equal(Errno.EINVAL, hostile.Offer(still).Error);
        Assert.Equal(Errno.EINVAL, hostile.Offer(FileHandle.TryOpenForReadingAndWriting("/dev/null")).Error);
        Assert.Equal(Errno.None, hostile.Offer(RawMember.Segment(1, 2)).Error);
    });

    [Fact]
    public void A_flood_of_fingerprints_fills_only_the_flooders_share() => Under(
        domain =>
        {
            using var hostile = new RawMember(domain);
            var fingerprints = new ulong[ProtocolLimits.PostPagesMax];
            var random = new Random(2);
            var (noted, full) = (0, 0);
            for (var i = 0; i < 50; i++)
            {
                // Wild ones, and such as lie close together.
                for (var k = 0; k < fingerprints.Length; k++)
                {
                    fingerprints[k] = i % 2 == 0 ? (ulong)random.NextInt64() : (ulong)(i * fingerprints.Length + k) << 50;
                }

                Assert.Equal(MessageKind.Answers, hostile.Post(fingerprints, token: (uint)i));
                foreach (var bits in System.Runtime.InteropServices.MemoryMarshal.Cast<byte, ulong>(hostile.Following<AnswersBody>()))
                {
                    noted += new Answer(bits) == Answer.Noted ? 1 : 0;
                    full += new Answer(bits) == Answer.Full ? 1 : 0;
                }
            }

            Assert.InRange(noted, QuotaNotes, 2 * QuotaNotes);
            Assert.True(full > 50_000, $"{full}");
        },
        "--notes-max", $"{QuotaNotes}");

    /// <summary>Its own segment under a wrong name: others are sent to where the bytes are, whatever was said of them.</summary>
    [Fact]
    public void Wrong_fingerprints_and_wrong_uses_mislead_nobody() => Under(domain =>
    {
        using var hostile = new RawMember(domain);
        using var victim = new RawMember(domain);
        Assert.Equal(Answer.Noted, hostile.Ask(victim.Fingerprint(77)));
        Assert.Equal(Answer.Promote, victim.Ask(victim.Fingerprint(77)));
        Assert.Equal(Answer.Pending, hostile.Ask(victim.Fingerprint(77)));
        var (_, segment) = hostile.Offer(RawMember.Segment(78));
        Assert.Equal(Answer.Promote, victim.Ask(victim.Fingerprint(77)));
        Assert.Equal(Answer.Stable(segment, 0, false), victim.Ask(victim.Fingerprint(78)));
        Assert.Equal(MessageKind.Done, hostile.Exchange(MessageKind.Open, new SegmentBody { Segment = 0x3FFF_FFFF }));
        Assert.Equal((int)Errno.ENOENT, hostile.Body<DoneBody>().Errno);
        var (_, own) = victim.Offer(RawMember.Segment(80, 81));
        Assert.Equal(MessageKind.Done, hostile.Exchange(MessageKind.Close, new SegmentBody { Segment = own }));
        Assert.Equal((int)Errno.ENOENT, hostile.Body<DoneBody>().Errno);
        Assert.Equal(Answer.Stable(own, 1, false), victim.Ask(victim.Fingerprint(81)));
    });

    [Fact]
    public void Each_is_lent_a_scratch_file_of_its_own_and_no_more_room() => Under(domain =>
    {
        using var one = new RawMember(domain);
        using var other = new RawMember(domain);
        var files = new Dictionary<FileIdentity, int>();
        foreach (var member in (RawMember[])[one, other, one])
        {
            Assert.Equal(MessageKind.Done, member.Exchange(MessageKind.Scratch, default(RawMember.NoBody)));
            Assert.Equal(0, member.Body<DoneBody>().Errno);
            Assert.True(Keep(files, member.Descriptor), "lent twice");
            FileHandle.WriteAt(member.Descriptor, new byte[ProtocolLimits.ScratchBytes], 0);
            Assert.Equal(Errno.ENOSPC, Assert.Throws<LinuxException>(
                () => FileHandle.WriteAt(member.Descriptor, new byte[4096], ProtocolLimits.ScratchBytes)).Errno);
        }

        Array.ForEach([.. files.Values], FileHandle.Close);
    });

    /// <summary>An answer that waits for its reader keeps the file that it was about, whatever the keeper opens and closes meanwhile.</summary>
    [Fact]
    public void An_answer_that_waits_brings_the_right_file() => Under(domain =>
    {
        using var slow = new RawMember(domain);
        var sent = 0;
        while (sent < 10_000 && slow.Socket.TrySend(slow.Message(MessageKind.Scratch, default(RawMember.NoBody))))
        {
            sent++;
        }

        Thread.Sleep(500);
        using var other = new RawMember(domain);
        Assert.Equal(MessageKind.Done, other.Exchange(MessageKind.Scratch, default(RawMember.NoBody)));
        var files = new Dictionary<FileIdentity, int>();
        Assert.True(Keep(files, other.Descriptor));
        for (var i = 0; i < sent; i++)
        {
            slow.Receive();
            Assert.True(slow.Descriptor >= 0 && Keep(files, slow.Descriptor), $"answer {i} of {sent} brought another's file");
        }

        Array.ForEach([.. files.Values], FileHandle.Close);
    });

    /// <summary>Keeps a file open, as an identity is used again once the file is gone; false where it is kept already.</summary>
    private static bool Keep(Dictionary<FileIdentity, int> files, int descriptor) =>
        FileHandle.IdentityOf(descriptor) is var identity && !files.ContainsKey(identity) && files.TryAdd(identity, FileHandle.Duplicate(descriptor));

    [Fact]
    public void Who_does_not_read_or_does_not_speak_is_dropped() => Under(domain =>
    {
        using var deaf = new RawMember(domain);
        var question = new ulong[ProtocolLimits.PostPagesMax];
        var sent = 0;
        while (deaf.Socket.TrySend(deaf.Message(
            MessageKind.Post, new PostBody { Count = (uint)question.Length }, new byte[question.Length * 12])) && sent < 10_000)
        {
            sent++;
            Thread.Sleep(1);
        }

        Assert.InRange(sent, 2, 9_999);
        var silent = Enumerable.Range(0, 1100).Select(_ => TryConnect(domain)).ToArray();
        Assert.True(silent[0]?.IsClosed(8000), "who connected and said nothing is still there");
        Array.ForEach(silent, member => member?.Dispose());
        KeeperProcess.Until(() => Samepage.Merging.User.DomainQuery.Ask(domain, TimeSpan.FromSeconds(5)).Members.Count == 1, "only the honest one is left", 20);
    });

    private static RawMember? TryConnect(Samepage.Merging.User.DomainName domain)
    {
        try
        {
            return new RawMember(domain, joins: false);
        }
        catch (LinuxException busy) when (busy.Errno == Errno.EAGAIN)
        {
            Thread.Sleep(5);
            return null;
        }
    }

    /// <summary>Runs a hostile act beside an honest member that promotes, opens and reads without a pause.</summary>
    private static void Under(Action<Samepage.Merging.User.DomainName> act, params string[] options)
    {
        using var keeper = new KeeperProcess(options);
        using var honest = new RawMember(keeper.Name);
        using var stop = new CancellationTokenSource();
        var rounds = 0;
        var work = Task.Run(() =>
        {
            for (; !stop.IsCancellationRequested; rounds++)
            {
                var content = 1_000_000 + rounds;
                Assert.Equal(Answer.Noted, honest.Ask(honest.Fingerprint(content), token: 1));
                Assert.Equal(Answer.Promote, honest.Ask(honest.Fingerprint(content), token: 2));
                var (error, segment) = honest.Offer(RawMember.Segment(content - 1, content));
                Assert.Equal(Errno.None, error);
                Assert.Equal(Answer.Stable(segment, 1, false), honest.Ask(honest.Fingerprint(content)));
                Assert.Equal(RawMember.Page(content), honest.Read(segment, 1));
                Assert.Equal(MessageKind.Done, honest.Exchange(MessageKind.Close, new SegmentBody { Segment = segment }));
                Thread.Sleep(2);
            }
        });
        try
        {
            act(keeper.Name);
            var before = Volatile.Read(ref rounds);
            KeeperProcess.Until(() => work.IsCompleted || Volatile.Read(ref rounds) > before + 2, "the honest member is served");
        }
        finally
        {
            stop.Cancel();
        }

        work.GetAwaiter().GetResult();
        Assert.True(rounds > 0 && honest.Slowest < s_timely, $"{rounds} rounds, the slowest answer took {honest.Slowest}");
        var descriptors = Directory.GetFiles($"/proc/{keeper.Process.Id}/fd").Length;
        Assert.True(descriptors < 100, $"{descriptors} descriptors are left open");
    }
}
