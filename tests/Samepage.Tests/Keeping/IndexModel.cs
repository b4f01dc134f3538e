using Samepage.Merging.User.Keeping;
using Samepage.Merging.User.Protocol;

namespace Samepage.Tests.Keeping;

/// <summary>Does the same to the index and to a dictionary, at random, and compares every answer and every account.</summary>
internal sealed class IndexModel(int seed)
{
    private readonly Random _random = new(seed);
    private readonly MemberLedger _ledger = new();
    private readonly SegmentNumbers _numbers = new();
    private readonly Dictionary<ulong, Content> _contents = [];
    private readonly List<int> _members = [];
    private readonly List<uint> _segments = [];
    private uint _now;

    public void Run(int steps)
    {
        using var index = new DomainIndex(_ledger, _numbers, new IndexLimits(long.MaxValue, long.MaxValue));
        for (var i = 0; i < steps; i++)
        {
            _now += (uint)_random.Next(0, 3);
            Step(index);
        }

        CheckAll(index);
    }

    private void Step(DomainIndex index)
    {
        switch (_random.Next(200))
        {
            case 0 when _members.Count < 20:
            case var _ when _members.Count == 0:
                var added = _ledger.Add();
                Assert.True(added >= 0 && !_members.Contains(added));
                _members.Add(added);
                break;
            case 1 when _members.Count > 1:
                Kill(_members[_random.Next(_members.Count)]);
                break;
            case 2:
                var number = _numbers.Take()!.Value;
                Assert.DoesNotContain(number, _segments);
                _segments.Add(number);
                break;
            case 3 when _segments.Count > 0:
                Withdraw(_segments[_random.Next(_segments.Count)]);
                break;
            case 4:
                index.BeginSweep();
                break;
            case < 20 when _segments.Count > 0:
                Enter(index);
                break;
            case < 40:
                index.Sweep(_random.Next(2000));
                break;
            default:
                Post(index);
                break;
        }
    }

    private void Kill(int member)
    {
        _ledger.Remove(member);
        _members.Remove(member);
        foreach (var fingerprint in _contents.Where(pair => !pair.Value.IsStable && pair.Value.Noter == member).Select(pair => pair.Key).ToArray())
        {
            _contents.Remove(fingerprint);
        }

        foreach (var content in _contents.Values.Where(content => !content.IsStable && content.Owner == member))
        {
            content.Owner = null;
            content.IsOrphaned = true;
        }
    }

    private void Withdraw(uint segment)
    {
        _numbers.Return(segment);
        _segments.Remove(segment);
        foreach (var fingerprint in _contents.Where(pair => pair.Value.IsStable && pair.Value.Answer.Segment == segment).Select(pair => pair.Key).ToArray())
        {
            _contents.Remove(fingerprint);
        }
    }

    private void Enter(DomainIndex index)
    {
        var (promoter, fingerprint, segment) = (_members[_random.Next(_members.Count)], Fingerprint(), _segments[_random.Next(_segments.Count)]);
        var (slot, isExtent) = ((uint)_random.Next(ProtocolLimits.SegmentPagesMax), _random.Next(10) == 0);
        index.Enter(promoter, fingerprint, segment, slot, isExtent);
        if (!_contents.TryGetValue(fingerprint, out var known) || !known.IsStable || isExtent && !known.Answer.IsExtent)
        {
            _contents[fingerprint] = new Content { IsStable = true, Answer = Answer.Stable(segment, slot, isExtent) };
        }
    }

    private void Post(DomainIndex index)
    {
        var count = _random.Next(1, 60);
        var member = _members[_random.Next(_members.Count)];
        var fingerprints = Enumerable.Range(0, count).Select(_ => Fingerprint()).ToArray();
        var tokens = fingerprints.Select(_ => (uint)_random.Next(3)).ToArray();
        var answers = new ulong[count];
        index.Post(member, fingerprints, tokens, answers, _now);
        for (var i = 0; i < count; i++)
        {
            Assert.Equal(Expected(member, fingerprints[i], tokens[i]), new Answer(answers[i]));
        }
    }

    private Answer Expected(int member, ulong fingerprint, uint token)
    {
        if (!_contents.TryGetValue(fingerprint, out var known))
        {
            _contents[fingerprint] = new Content { Noter = member, Token = token };
            return Answer.Noted;
        }

        if (known.IsStable)
        {
            return known.Answer;
        }

        if (known.Owner is null && !known.IsOrphaned && known.Noter == member && known.Token == token)
        {
            return Answer.Noted;
        }

        if (known.Owner is { } owner && owner != member && known.Deadline > _now)
        {
            return Answer.Pending;
        }

        (known.Owner, known.Deadline, known.IsOrphaned) = (member, _now + DomainIndex.PromiseTicks, false);
        return Answer.Promote;
    }

    /// <summary>Enough to make the table grow, few enough to meet again; some share their upper or lower half.</summary>
    private ulong Fingerprint() => _random.Next(4) switch
    {
        0 => (ulong)_random.Next(200),
        1 => (ulong)_random.Next(200) << 40,
        _ => (ulong)_random.Next(60_000) * 0x9E37_79B9_7F4A_7C15,
    };

    private void CheckAll(DomainIndex index)
    {
        Assert.Equal(_contents.Values.Count(content => !content.IsStable), _ledger.LivingNotes);
        Assert.Equal(_contents.Values.Count(content => content.IsStable), _numbers.LivingEntries);
        Assert.Equal(index.Count, _ledger.LivingNotes + _ledger.DeadNotes + _numbers.LivingEntries + _numbers.DeadEntries);
        index.BeginSweep();
        while (index.IsSweeping)
        {
            index.Sweep(1000);
        }

        Assert.Equal((_contents.Count, 0L, 0L), ((int)index.Count, _ledger.DeadNotes, _numbers.DeadEntries));
        _now += 1000;
        foreach (var (fingerprint, content) in _contents.Where(pair => pair.Value.IsStable))
        {
            var answers = new ulong[1];
            index.Post(_members[0], [fingerprint], [0], answers, _now);
            Assert.Equal(content.Answer, new Answer(answers[0]));
        }
    }

    private sealed class Content
    {
        public int Noter;
        public uint Token;
        public int? Owner;
        public uint Deadline;
        public bool IsOrphaned;
        public bool IsStable;
        public Answer Answer;
    }
}
