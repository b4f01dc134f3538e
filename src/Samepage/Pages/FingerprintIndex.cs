using System.Diagnostics;
using System.Runtime.Intrinsics.X86;
using Samepage.Linux.Memory;

namespace Samepage.Pages;

/// <summary>
/// The distinct contents seen so far, by fingerprint: open addressing with linear probing in one table of 16-byte
/// entries outside the managed heap, on huge pages.
/// </summary>
/// <remarks>
/// The home slot is <c>fingerprint * capacity / 2^64</c>. It grows with the fingerprint, which has two uses: any
/// capacity will do, not only powers of two, and growing walks the old table once from front to back while it fills
/// the new one from front to back, so that the old table's frames are given back as it goes and the peak is the new
/// table, not both. Not thread-safe: callers hold one lock for a batch of pages.
/// </remarks>
internal sealed unsafe class FingerprintIndex : IDisposable
{
    /// <summary>How many lookups ahead a slot is prefetched: about one memory latency of work.</summary>
    public const int PrefetchDistance = 24;

    /// <summary>
    /// Four fifths full at most: a new content then looks at 6 slots on average, at nine tenths at 13. It costs 20 bytes
    /// for each content instead of 18.
    /// </summary>
    private const long LoadMaxNumerator = 4;
    private const long LoadMaxDenominator = 5;

    private const long InitialCapacity = 1 << 16;
    private const long ReleaseStride = AnonymousMemory.HugePageSize;

    private AnonymousMemory _memory;
    private long _capacity;
    private long _limit;

    /// <summary>An empty index.</summary>
    public FingerprintIndex()
    {
        _memory = Allocate(InitialCapacity);
        SetCapacity(InitialCapacity);
    }

    /// <summary>Distinct contents held.</summary>
    public long Count { get; private set; }

    /// <summary>Bytes of the table, all of which count as memory once it is nearly full.</summary>
    public long TableBytes => _capacity * sizeof(ContentEntry);

    /// <summary>Brings the slot of a fingerprint that will be asked for shortly into the cache.</summary>
    public void Prefetch(ulong fingerprint)
    {
        if (Sse.IsSupported)
        {
            // SAFETY: a prefetch never faults, and the address lies in the table.
            Sse.Prefetch0(Table + Home(fingerprint));
        }
    }

    /// <summary>
    /// The entry of a fingerprint, or the empty slot where it belongs; the caller fills an empty one and then calls
    /// <see cref="NoteAdded"/>. The reference holds until the next call of either.
    /// </summary>
    public ref ContentEntry Find(ulong fingerprint)
    {
        // SAFETY: slots stay below _capacity, and the table always has an empty slot, so that the walk ends.
        var slot = Home(fingerprint);
        var table = Table;
        while (table[slot].IsUsed && table[slot].Fingerprint != fingerprint)
        {
            slot = slot + 1 == _capacity ? 0 : slot + 1;
        }

        return ref table[slot];
    }

    /// <summary>Tells that an empty slot was filled; grows the table where it is four fifths full.</summary>
    public void NoteAdded()
    {
        if (++Count >= _limit)
        {
            Grow();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    private ContentEntry* Table => (ContentEntry*)_memory.Data;

    private static AnonymousMemory Allocate(long capacity) => new(capacity * sizeof(ContentEntry), hugePages: true);

    private long Home(ulong fingerprint) => (long)Math.BigMul(fingerprint, (ulong)_capacity, out _);

    private void SetCapacity(long capacity)
    {
        _capacity = capacity;
        _limit = capacity / LoadMaxDenominator * LoadMaxNumerator;
    }

    private void Grow()
    {
        var old = _memory;
        var oldCapacity = _capacity;

        // Doubling is cheapest while the table is small; later, half as much again wastes less.
        SetCapacity(oldCapacity < 1 << 22 ? oldCapacity * 2 : oldCapacity / 2 * 3);
        _memory = Allocate(_capacity);
        var source = (ContentEntry*)old.Data;
        long moved = 0, released = 0;
        for (long slot = 0; slot < oldCapacity; slot++)
        {
            if (source[slot].IsUsed)
            {
                ref var target = ref Find(source[slot].Fingerprint);
                Debug.Assert(!target.IsUsed, "a fingerprint stands in the table once");
                target = source[slot];
                moved++;
            }

            var done = slot * sizeof(ContentEntry);
            if (done - released >= ReleaseStride)
            {
                old.Discard(released, ReleaseStride);
                released += ReleaseStride;
            }
        }

        Trace.Assert(moved == Count, "growing the index lost or doubled an entry");
        old.Dispose();
    }
}
