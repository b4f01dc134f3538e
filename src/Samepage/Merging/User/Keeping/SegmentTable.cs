using Samepage.Linux;

namespace Samepage.Merging.User.Keeping;

/// <summary>The segments of a domain. One lives as long as somebody uses it; its pages live as long as somebody maps them.</summary>
/// <param name="numbers">Where numbers come from, and entries of the index learn that one is void.</param>
/// <param name="limits">How many there may be.</param>
internal sealed class SegmentTable(SegmentNumbers numbers, SegmentLimits limits)
{
    private readonly Dictionary<uint, Segment> _byNumber = [];
    private readonly Dictionary<FileIdentity, Segment> _byIdentity = [];

    public int Count => _byNumber.Count;

    public IEnumerable<Segment> All => _byNumber.Values;

    /// <summary>Whether a member may use a segment, or where it is null a new one; what it uses already it may go on using.</summary>
    public bool MayUse(Segment? segment, Member member) => segment is not null && segment.Users.ContainsKey(member)
        || member.Segments.Count < limits.SegmentsPerMember && (segment is not null || Count < limits.Segments);

    public Segment? Find(uint number) => _byNumber.GetValueOrDefault(number);

    public Segment? Find(FileIdentity identity) => _byIdentity.GetValueOrDefault(identity);

    /// <summary>Takes a segment in, and its descriptor with it; null, and the descriptor is the caller's still, where no number is left.</summary>
    public Segment? Add(FileIdentity identity, int descriptor, int pages, uint now)
    {
        if (numbers.Take() is not { } number)
        {
            return null;
        }

        var segment = new Segment(number, identity, descriptor, pages, now);
        _byNumber.Add(number, segment);
        _byIdentity.Add(identity, segment);
        return segment;
    }

    /// <summary>A member maps it from now on, or may.</summary>
    public static void Use(Segment segment, Member member)
    {
        segment.AddUser(member);
        member.Segments.Add(segment);
    }

    /// <summary>A member maps it no longer; with its last user the segment goes.</summary>
    public void Leave(Segment segment, Member member)
    {
        segment.RemoveUser(member);
        member.Segments.Remove(segment);
        if (segment.Users.Count == 0)
        {
            _byNumber.Remove(segment.Number);
            _byIdentity.Remove(segment.Identity);
            numbers.Return(segment.Number);
            segment.Close();
        }
    }

    /// <summary>A member is gone, and uses nothing any more.</summary>
    public void LeaveAll(Member member)
    {
        foreach (var segment in member.Segments.ToArray())
        {
            Leave(segment, member);
        }
    }

    /// <summary>Takes a member's report of how many pages of a segment it uses; of others' segments it may say what it likes.</summary>
    public void Report(Member member, uint number, uint pages, uint now)
    {
        if (Find(number) is { } segment
            && segment.Report(member, pages, limits.SparseReports)
            && !segment.IsRetiring && now - segment.BornAt >= limits.RetireAfterTicks)
        {
            segment.IsRetiring = true;
            numbers.Withdraw(number);
        }
    }

    public void CloseAll()
    {
        foreach (var segment in _byNumber.Values)
        {
            segment.Close();
        }
    }
}

/// <summary>How many segments there may be, and when one is sparse enough to be emptied.</summary>
/// <param name="Segments">In the domain.</param>
/// <param name="SegmentsPerMember">Used by one member.</param>
/// <param name="SparseReports">Reports of each user on average that must find it sparse, one after the other.</param>
/// <param name="RetireAfterTicks">Its least age, in units of 100 ms: a young one is not mapped yet by those who will.</param>
internal sealed record SegmentLimits(int Segments, int SegmentsPerMember, int SparseReports, uint RetireAfterTicks);
