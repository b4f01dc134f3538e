using System.Diagnostics;
using Samepage.Linux;
using Samepage.Linux.Memory;

namespace Samepage.Merging.User.Keeping;

// How the table gets rid of what is void, grows and shrinks.
internal sealed unsafe partial class DomainIndex
{
    private const long CapacityMin = 1 << 14;

    /// <summary>A smaller table, below a megabyte, is doubled when it is full.</summary>
    private const long DoublingMax = 1 << 16;

    /// <summary>Four fifths full at most: a new content then looks at 6 slots on average, at nine tenths at 13.</summary>
    private const long LoadMaxNumerator = 4;
    private const long LoadMaxDenominator = 5;

    private const long ReleaseStride = AnonymousMemory.HugePageSize;

    private long _sweepPosition;
    private long _sweepLeft;

    /// <summary>Whether a sweep is under way.</summary>
    public bool IsSweeping => _sweepLeft > 0;

    /// <summary>Whether so much is void that a sweep pays.</summary>
    public bool HasVoid => _members.DeadNotes + _segments.DeadEntries > 0;

    /// <summary>Begins to go once round the table, where anything is void.</summary>
    public void BeginSweep() => _sweepLeft = HasVoid ? _capacity : 0;

    /// <summary>Removes what is void in the next slots; after the last, gives back a table that has become far too large.</summary>
    /// <param name="slots">How many to look at.</param>
    public void Sweep(int slots)
    {
        for (; slots > 0 && _sweepLeft > 0; slots--, _sweepLeft--)
        {
            // What follows moves up, so the same slot is looked at again.
            while (Table[_sweepPosition].IsUsed && IsVoid(Table[_sweepPosition]))
            {
                Discharge(Table[_sweepPosition]);
                RemoveAt(_sweepPosition);
                Count--;
            }

            _sweepPosition = _sweepPosition + 1 == _capacity ? 0 : _sweepPosition + 1;
        }

        if (_sweepLeft == 0 && Count < _capacity / 8 && _capacity > CapacityMin)
        {
            _ = TryRebuild(Math.Max(CapacityMin, Count * 2));
        }
    }

    private static AnonymousMemory Allocate(long capacity) => new(capacity * sizeof(IndexEntry), hugePages: capacity > CapacityMin);

    private void SetCapacity(long capacity)
    {
        _capacity = capacity;
        _limit = capacity / LoadMaxDenominator * LoadMaxNumerator;
    }

    /// <summary>Empties a slot and moves up those behind it that would no longer be found.</summary>
    private void RemoveAt(long hole)
    {
        var table = Table;
        for (var slot = hole; ;)
        {
            slot = slot + 1 == _capacity ? 0 : slot + 1;
            if (!table[slot].IsUsed)
            {
                break;
            }

            // One that is at home behind the hole stays; distances are taken round the end of the table.
            var home = Home(table[slot].Fingerprint);
            if (Distance(home, slot) >= Distance(hole, slot))
            {
                table[hole] = table[slot];
                hole = slot;
            }
        }

        table[hole] = default;
    }

    private long Distance(long from, long to) => to >= from ? to - from : to + _capacity - from;

    /// <summary>Makes the table four fifths full at most again: without what is void, and larger where that is not enough.</summary>
    private bool TryMakeRoom()
    {
        var stale = StaleNotes.Find(this);
        var living = Count - _members.DeadNotes - _segments.DeadEntries - (stale?.Expected ?? 0);
        var isEnough = living < _limit / 4 * 3;

        // Doubling is cheapest; half as much again wastes less.
        return TryRebuild(isEnough ? _capacity : _capacity < DoublingMax ? _capacity * 2 : _capacity / 2 * 3, stale);
    }

    /// <summary>
    /// Moves what is not void into a new table. Both are walked from front to back, and frames of the old one are given
    /// back on the way, so that the peak is the larger table and not both.
    /// </summary>
    private bool TryRebuild(long capacity, StaleNotes? stale = null)
    {
        AnonymousMemory fresh;
        try
        {
            fresh = Allocate(capacity);
        }
        catch (LinuxException)
        {
            return false;
        }

        using var old = _memory;
        var oldCapacity = _capacity;
        var source = Table;
        _memory = fresh;
        SetCapacity(capacity);
        Count = 0;
        for (long slot = 0, released = 0; slot < oldCapacity; slot++)
        {
            if (source[slot].IsUsed)
            {
                Move(source[slot], stale);
            }

            if (slot * sizeof(IndexEntry) - released >= ReleaseStride)
            {
                old.Discard(released, ReleaseStride);
                released += ReleaseStride;
            }
        }

        Debug.Assert(Count == _members.LivingNotes + _segments.LivingEntries, "every entry is charged to somebody");
        _sweepPosition = _sweepLeft = 0;
        return true;
    }

    private void Move(in IndexEntry entry, StaleNotes? stale)
    {
        if (IsVoid(entry) || (stale?.Includes(entry) ?? false))
        {
            Discharge(entry);
        }
        else
        {
            Find(entry.Fingerprint) = entry;
            Count++;
        }
    }

    /// <summary>
    /// A page whose content changed leaves a note behind that nobody takes back. Who has far more notes than it says to
    /// have pages has mostly such notes; the oldest of them go.
    /// </summary>
    private sealed class StaleNotes
    {
        private const int SamplesMax = 4096;
        private const long PagesMin = 1 << 14;

        /// <summary>Of as many notes as pages, so many are kept: ages are known in steps only.</summary>
        private const double KeptForEachPage = 1.25;

        private readonly Dictionary<int, uint> _ageMax = [];
        private readonly uint _newest;

        private StaleNotes(uint newest) => _newest = newest;

        /// <summary>Notes that will go, about.</summary>
        public long Expected { get; private set; }

        public static StaleNotes? Find(DomainIndex index)
        {
            var members = Enumerable.Range(0, IndexEntry.MembersMax).Where(index.HasTooMany).ToArray();
            if (members.Length == 0)
            {
                return null;
            }

            var stale = new StaleNotes(index._newestEpoch);
            foreach (var member in members)
            {
                stale.Add(index, member);
            }

            return stale;
        }

        private void Add(DomainIndex index, int member)
        {
            var ages = SampleAges(index, member);
            var notes = index._members.NotesOf(member);
            var kept = (long)(Math.Max(PagesMin, index._members.AdvisedPages(member)) * KeptForEachPage);
            _ageMax[member] = ages.Count == 0 ? uint.MaxValue : ages[(int)Math.Min(ages.Count - 1, kept * ages.Count / notes)];

            // What is as old as the limit stays.
            var going = ages.Count(age => age > _ageMax[member]);
            Expected += notes * going / Math.Max(1, ages.Count);
        }

        public static bool IsTooMany(long notes, long pages) => pages > 0 && notes > 2 * Math.Max(PagesMin, pages);

        public bool Includes(in IndexEntry entry) => entry.State == ContentState.Noted
            && _ageMax.TryGetValue(entry.Noter, out var ageMax) && AgeOf(entry) > ageMax;

        private uint AgeOf(in IndexEntry entry) => _newest - entry.Epoch & IndexEntry.EpochMask;

        private List<uint> SampleAges(DomainIndex index, int member)
        {
            var ages = new List<uint>();
            for (long slot = 0; slot < index._capacity && ages.Count < SamplesMax; slot++)
            {
                if (index.Table[slot] is { State: ContentState.Noted } entry && entry.Noter == member)
                {
                    ages.Add(AgeOf(entry));
                }
            }

            ages.Sort();
            return ages;
        }
    }

    private bool HasTooMany(int member) =>
        _members.IsAlive(member) && StaleNotes.IsTooMany(_members.NotesOf(member), _members.AdvisedPages(member));
}
