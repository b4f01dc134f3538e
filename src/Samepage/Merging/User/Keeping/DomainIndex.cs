using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Samepage.Linux;
using Samepage.Linux.Memory;
using Samepage.Merging.User.Protocol;

namespace Samepage.Merging.User.Keeping;

/// <summary>
/// The contents of a domain by fingerprint: open addressing with linear probing in one table of 16-byte entries outside
/// the managed heap, on huge pages. A content that one page holds is noted; at the second page whoever asks is promised
/// the work of writing it into a segment; in a segment it is stable.
/// </summary>
/// <remarks>
/// <para>Members choose the fingerprints, so a hostile one could choose them to fall all into one place. They are
/// therefore scattered by a key that never leaves this process.</para>
/// <para>What names a dead member or a withdrawn segment is void: it is overwritten where it is met, removed by
/// <see cref="Sweep"/> in slices, and left behind when the table grows. Not thread-safe: the keeper's one thread.</para>
/// </remarks>
internal sealed unsafe partial class DomainIndex : IDisposable
{
    /// <summary>How many lookups ahead a slot is prefetched: about one memory latency of work.</summary>
    private const int PrefetchDistance = 16;

    /// <summary>Units of time, of 100 ms, that a promise holds: five seconds.</summary>
    public const uint PromiseTicks = 50;

    private readonly MemberLedger _members;
    private readonly SegmentNumbers _segments;
    private readonly IndexLimits _limits;
    private readonly ulong _scatterAdd;
    private readonly ulong _scatterMultiply;

    private AnonymousMemory _memory;
    private long _capacity;
    private long _limit;

    /// <summary>Of the last post, from which ages of notes are told.</summary>
    private uint _newestEpoch;

    /// <summary>An empty index.</summary>
    /// <param name="members">Who lives; the index charges its entries there.</param>
    /// <param name="segments">Which segments are in use; likewise.</param>
    /// <param name="limits">How much of it members may take.</param>
    public DomainIndex(MemberLedger members, SegmentNumbers segments, IndexLimits limits)
    {
        _members = members;
        _segments = segments;
        _limits = limits;
        Span<byte> key = stackalloc byte[2 * sizeof(ulong)];
        KernelRandom.Fill(key);
        _scatterAdd = BitConverter.ToUInt64(key);
        _scatterMultiply = BitConverter.ToUInt64(key[sizeof(ulong)..]) | 1;
        _memory = Allocate(CapacityMin);
        SetCapacity(CapacityMin);
    }

    /// <summary>Entries held, void ones among them.</summary>
    public long Count { get; private set; }

    /// <summary>Bytes of the table.</summary>
    public long TableBytes => _capacity * sizeof(IndexEntry);

    /// <summary>Answers a member's pages, in order.</summary>
    /// <param name="member">Who asks.</param>
    /// <param name="fingerprints">Of what the pages hold.</param>
    /// <param name="tokens">Which pages they are, in the member's own terms, ascending as a rule; as many.</param>
    /// <param name="answers">Filled; as many.</param>
    /// <param name="now">The time in units of 100 ms.</param>
    public void Post(int member, ReadOnlySpan<ulong> fingerprints, ReadOnlySpan<uint> tokens, Span<ulong> answers, uint now)
    {
        _newestEpoch = EpochOf(now);
        for (var i = 0; i < fingerprints.Length; i++)
        {
            if (i + PrefetchDistance < fingerprints.Length)
            {
                Prefetch(fingerprints[i + PrefetchDistance]);
            }

            answers[i] = Post(member, fingerprints[i], tokens[i], tokens, now).Bits;
        }
    }

    /// <summary>Enters a stable page for its content, in place of whatever was known; one that is stable already stays.</summary>
    /// <param name="promoter">Who wrote it, and needs no news of pages that it posted together with it.</param>
    /// <param name="fingerprint">As the keeper itself took it.</param>
    /// <param name="segment">A number in use.</param>
    /// <param name="slot">The page in the segment.</param>
    /// <param name="isExtent">Whether 512 pages from there hold it; takes the place of a lone page.</param>
    public void Enter(int promoter, ulong fingerprint, uint segment, uint slot, bool isExtent)
    {
        ref var entry = ref Find(fingerprint);
        if (!entry.IsUsed)
        {
            if (Count >= _limit)
            {
                if (!TryMakeRoom())
                {
                    return;
                }

                entry = ref Find(fingerprint);
            }

            Count++;
        }
        else if (entry.State == ContentState.Stable)
        {
            if (_segments.IsCurrent(entry.Segment) && (entry.IsExtent || !isExtent))
            {
                return;
            }

            _segments.Release(entry.Segment);
        }
        else
        {
            _members.Release(entry.Noter);
            if ((entry.Noter != promoter || entry is { State: ContentState.Promised, IsEarlier: true }) && _members.IsAlive(entry.Noter))
            {
                _members.TellNews(entry.Noter);
            }
        }

        entry = IndexEntry.Stable(fingerprint, segment, slot, isExtent);
        _segments.Charge(segment);
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    private Answer Post(int member, ulong fingerprint, uint token, ReadOnlySpan<uint> tokens, uint now)
    {
        ref var entry = ref Find(fingerprint);
        if (!entry.IsUsed)
        {
            return Note(ref entry, member, fingerprint, token, now);
        }

        switch (entry.State)
        {
            case ContentState.Stable when _segments.IsCurrent(entry.Segment):
                return Answer.Stable(entry.Segment, entry.Slot, entry.IsExtent);
            case ContentState.Noted when _members.IsAlive(entry.Noter):
                if (entry.Noter == member && entry.Token == token)
                {
                    entry = IndexEntry.Noted(fingerprint, member, EpochOf(now), token);
                    return Answer.Noted;
                }

                // A page that it posts now too will be answered for anew as soon as the promise is kept.
                entry = IndexEntry.Promised(
                    fingerprint, entry.Noter, member, entry.Noter == member && tokens.BinarySearch(entry.Token) < 0, now + PromiseTicks);
                return Answer.Promote;
            case ContentState.Promised when _members.IsAlive(entry.Noter):
                if (entry.Owner != member && _members.IsAlive(entry.Owner) && (int)(entry.Deadline - now) > 0)
                {
                    return Answer.Pending;
                }

                entry = IndexEntry.Promised(fingerprint, entry.Noter, member, entry.IsEarlier || entry.Owner != member, now + PromiseTicks);
                return Answer.Promote;
            default:
                return NoteOverVoid(ref entry, member, token, now);
        }
    }

    private Answer Note(ref IndexEntry entry, int member, ulong fingerprint, uint token, uint now)
    {
        if (!MayNote(member))
        {
            return Answer.Full;
        }

        if (Count >= _limit)
        {
            if (!TryMakeRoom())
            {
                return Answer.Full;
            }

            entry = ref Find(fingerprint);
        }

        entry = IndexEntry.Noted(fingerprint, member, EpochOf(now), token);
        Count++;
        _members.Charge(member);
        return Answer.Noted;
    }

    private Answer NoteOverVoid(ref IndexEntry entry, int member, uint token, uint now)
    {
        if (!MayNote(member))
        {
            return Answer.Full;
        }

        Discharge(entry);
        entry = IndexEntry.Noted(entry.Fingerprint, member, EpochOf(now), token);
        _members.Charge(member);
        return Answer.Noted;
    }

    /// <summary>
    /// A member's own limit; and once the whole index has reached its limit, an equal share of that, so that who came
    /// first cannot keep others out.
    /// </summary>
    private bool MayNote(int member) =>
        _members.NotesOf(member) is var notes && notes < _limits.NotesPerMember
        && (_members.LivingNotes < _limits.Notes || notes < _limits.Notes / Math.Max(1, _members.Alive));

    private void Discharge(in IndexEntry entry)
    {
        if (entry.State == ContentState.Stable)
        {
            _segments.Release(entry.Segment);
        }
        else
        {
            _members.Release(entry.Noter);
        }
    }

    private bool IsVoid(in IndexEntry entry) => entry.State == ContentState.Stable
        ? !_segments.IsCurrent(entry.Segment)
        : !_members.IsAlive(entry.Noter);

    /// <summary>Notes are aged in units of 12.8 seconds, which come round after 38 days.</summary>
    private static uint EpochOf(uint now) => now >> 7 & IndexEntry.EpochMask;

    private IndexEntry* Table => (IndexEntry*)_memory.Data;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private long Home(ulong fingerprint)
    {
        var high = Math.BigMul(fingerprint ^ _scatterAdd, _scatterMultiply, out var low);
        return (long)Math.BigMul(high ^ low, (ulong)_capacity, out _);
    }

    private void Prefetch(ulong fingerprint)
    {
        if (Sse.IsSupported)
        {
            // SAFETY: a prefetch never faults, and the address lies in the table.
            Sse.Prefetch0(Table + Home(fingerprint));
        }
    }

    /// <summary>The entry of a fingerprint, or the empty one where it belongs; holds until the table changes.</summary>
    private ref IndexEntry Find(ulong fingerprint)
    {
        // SAFETY: slots stay below _capacity, and a fifth of the table is empty, so that the walk ends.
        var slot = Home(fingerprint);
        var table = Table;
        while (table[slot].IsUsed && table[slot].Fingerprint != fingerprint)
        {
            slot = slot + 1 == _capacity ? 0 : slot + 1;
        }

        return ref table[slot];
    }
}

/// <summary>How much of the index may be taken.</summary>
/// <param name="NotesPerMember">Entries that one member may have.</param>
/// <param name="Notes">Entries of all members, above which each gets an equal share only.</param>
internal sealed record IndexLimits(long NotesPerMember, long Notes);
