using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Samepage.Linux;
using Samepage.Linux.Memory;
using Samepage.Merging.User.Protocol;

namespace Samepage.Merging.User.Keeping;

// Segments: offered, opened, closed, reported on; and what the domain tells of itself.
internal sealed partial class Domain
{
    /// <summary>A report is told again for this long, in units of 100 ms, however often somebody asks.</summary>
    private const uint ReportTicks = 2;

    private int _report = -1;
    private long _reportBytes;
    private uint _reportedAt;

    /// <summary>Whether all pages of the segment that was looked through last could be read.</summary>
    private bool _isIntakeWhole;

    /// <summary>Makes the report that a query is answered with.</summary>
    public Func<byte[]> Describe { get; set; } = () => [];

    /// <summary>Goes on with the segment that has waited longest, for one slice.</summary>
    /// <returns>Whose it was, where its reply is written now; null where nobody's is.</returns>
    public Member? StepOffer(Reply reply, uint now)
    {
        var offer = _offers.Peek();
        var isGone = !Members.Contains(offer.Member);
        if (!isGone && Segments.Find(offer.Identity) is null && !TryStep(offer))
        {
            return null;
        }

        _offers.Dequeue();
        _isIntakeBegun = false;
        var descriptor = offer.Descriptor;
        if (isGone)
        {
            FileHandle.Close(ref descriptor);
            return null;
        }

        Finish(offer, ref descriptor, reply, now);
        FileHandle.Close(ref descriptor);
        return offer.Member;
    }

    /// <summary>True once it needs no more looking through.</summary>
    private bool TryStep(in Offer offer)
    {
        if (!_isIntakeBegun)
        {
            _intake.Begin();
            _isIntakeBegun = true;
        }

        try
        {
            if (!_intake.Step(offer.Descriptor, offer.Pages))
            {
                return false;
            }

            _isIntakeWhole = true;
        }
        catch (LinuxException)
        {
            _isIntakeWhole = false;
        }

        return true;
    }

    private void Finish(in Offer offer, ref int descriptor, Reply reply, uint now)
    {
        if (Segments.Find(offer.Identity) is { } known)
        {
            SegmentTable.Use(known, offer.Member);
            _ = reply.Done(offer.Sequence, Errno.None, known.Number);
            return;
        }

        if (!_isIntakeWhole || Segments.Add(offer.Identity, descriptor, offer.Pages, now) is not { } segment)
        {
            _ = reply.Done(offer.Sequence, _isIntakeWhole ? Errno.ENOSPC : Errno.EIO);
            return;
        }

        descriptor = -1;
        SegmentTable.Use(segment, offer.Member);
        _intake.Enter(Index, offer.Member.Number, segment);
        _ = reply.Done(offer.Sequence, Errno.None, segment.Number);
    }

    private Outcome Offered(Member member, uint sequence, ReadOnlySpan<byte> body, ref int descriptor, Reply reply)
    {
        if (body.Length != 0)
        {
            return Outcome.Violation;
        }

        var pages = SegmentIntake.PagesOf(descriptor);
        if (pages == 0)
        {
            return reply.Done(sequence, Errno.EINVAL);
        }

        var identity = FileHandle.IdentityOf(descriptor);
        if (!Segments.MayUse(Segments.Find(identity), member))
        {
            return reply.Done(sequence, Errno.ENOSPC);
        }

        _offers.Enqueue(new Offer(member, sequence, descriptor, pages, identity));
        descriptor = -1;
        return Outcome.Later;
    }

    private Outcome Open(Member member, uint sequence, ReadOnlySpan<byte> body, Reply reply)
    {
        if (body.Length != Unsafe.SizeOf<SegmentBody>())
        {
            return Outcome.Violation;
        }

        if (Segments.Find(MemoryMarshal.Read<SegmentBody>(body).Segment) is not { } segment
            || segment.IsRetiring && !segment.Users.ContainsKey(member))
        {
            return reply.Done(sequence, Errno.ENOENT);
        }

        if (!Segments.MayUse(segment, member))
        {
            return reply.Done(sequence, Errno.ENOSPC);
        }

        SegmentTable.Use(segment, member);
        return reply.Done(sequence, Errno.None, (ulong)segment.Pages, segment.Descriptor);
    }

    private Outcome Close(Member member, uint sequence, ReadOnlySpan<byte> body, Reply reply)
    {
        if (body.Length != Unsafe.SizeOf<SegmentBody>())
        {
            return Outcome.Violation;
        }

        if (Segments.Find(MemoryMarshal.Read<SegmentBody>(body).Segment) is not { } segment || !segment.Users.ContainsKey(member))
        {
            return reply.Done(sequence, Errno.ENOENT);
        }

        Segments.Leave(segment, member);
        return reply.Done(sequence, Errno.None);
    }

    private Outcome Report(Member member, uint sequence, ReadOnlySpan<byte> body, Reply reply, uint now)
    {
        if (!TrySplit<ReportBody>(body, out var report, out var uses)
            || report.SegmentCount > ProtocolLimits.ReportedSegmentsMax || uses.Length != report.SegmentCount * Unsafe.SizeOf<SegmentUse>())
        {
            return Outcome.Violation;
        }

        member.Report = report;
        Ledger.AdvisedPages(member.Number) = (long)Math.Min(report.Counters.AdvisedBytes / AnonymousMemory.PageSize, long.MaxValue);
        foreach (var use in MemoryMarshal.Cast<byte, SegmentUse>(uses))
        {
            Segments.Report(member, use.Segment, use.Pages, now);
        }

        var retiring = 0;
        foreach (var segment in member.Segments)
        {
            retiring += segment.IsRetiring ? 1 : 0;
        }

        retiring = Math.Min(retiring, ProtocolLimits.ReportedSegmentsMax);
        var acknowledged = new AcknowledgedBody { News = Ledger.News(member.Number, report.Counters.PassesTotal), RetiringCount = (uint)retiring };
        FillRetiring(member, MemoryMarshal.Cast<byte, uint>(reply.Write(MessageKind.Acknowledged, sequence, acknowledged, retiring * sizeof(uint))));
        return Outcome.Answered;
    }

    private static void FillRetiring(Member member, Span<uint> numbers)
    {
        var filled = 0;
        foreach (var segment in member.Segments)
        {
            if (segment.IsRetiring && filled < numbers.Length)
            {
                numbers[filled++] = segment.Number;
            }
        }
    }

    private Outcome Query(uint sequence, Reply reply, uint now)
    {
        if (_report < 0 || now - _reportedAt >= ReportTicks)
        {
            FileHandle.Close(ref _report);
            try
            {
                var text = Describe();
                _report = SealedMemory.Create("samepage-report");
                FileHandle.WriteAt(_report, text, 0);
                SealedMemory.Seal(_report);
                (_reportBytes, _reportedAt) = (text.Length, now);
            }
            catch (LinuxException)
            {
                FileHandle.Close(ref _report);
                return reply.Done(sequence, Errno.ENOMEM);
            }
        }

        return reply.Done(sequence, Errno.None, (ulong)_reportBytes, _report);
    }

    /// <summary>A segment that waits to be looked through.</summary>
    private readonly record struct Offer(Member Member, uint Sequence, int Descriptor, int Pages, FileIdentity Identity);
}
