using Samepage.Linux.Memory;

namespace Samepage.Pages;

/// <summary>
/// Frames that more than one page table maps: which target saw each last, and what it holds. Open addressing, 16 bytes
/// a frame: 40 bits of frame number (4 PiB of memory), 24 bits of target, and the fingerprint. Exclusive frames never
/// come here, so that on most hosts it stays small. Not thread-safe.
/// </summary>
internal sealed unsafe class FrameTable : IDisposable
{
    private AnonymousMemory _memory = new((1 << 12) * sizeof(Entry), hugePages: false);
    private long _mask = (1 << 12) - 1;
    private long _count;

    /// <summary>Notes that a target maps a frame.</summary>
    /// <param name="frameNumber">The frame.</param>
    /// <param name="target">The target.</param>
    /// <param name="fingerprint">What the frame holds, where somebody has read it; else 0.</param>
    /// <returns>What was known of it before.</returns>
    public FrameSighting Observe(ulong frameNumber, int target, out ulong fingerprint)
    {
        var entry = Find(frameNumber + 1);
        fingerprint = entry->Fingerprint;
        if (entry->Frame == 0)
        {
            *entry = new Entry { Key = frameNumber + 1 << Entry.TargetBits | (uint)target };
            if (++_count > _mask / 4 * 3)
            {
                Grow();
            }

            return FrameSighting.New;
        }

        var sighting = entry->Target == target ? FrameSighting.KnownInTarget : FrameSighting.KnownElsewhere;
        entry->Key = frameNumber + 1 << Entry.TargetBits | (uint)target;
        return sighting;
    }

    /// <summary>Notes what a frame that was observed before holds: shared frames do not change.</summary>
    public void SetFingerprint(ulong frameNumber, ulong fingerprint) => Find(frameNumber + 1)->Fingerprint = fingerprint;

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    /// <summary>The entry of a frame (its number plus one), or the empty one where it belongs.</summary>
    private Entry* Find(ulong frame)
    {
        // SAFETY: the index is masked to the table, which always has an empty entry.
        var table = (Entry*)_memory.Data;
        var index = (long)(frame * 0x9E37_79B9_7F4A_7C15 >> 20) & _mask;
        while (table[index].Frame != 0 && table[index].Frame != frame)
        {
            index = index + 1 & _mask;
        }

        return table + index;
    }

    private void Grow()
    {
        using var old = _memory;
        var oldMask = _mask;
        _mask = _mask * 2 + 1;
        _memory = new AnonymousMemory((_mask + 1) * sizeof(Entry), hugePages: true);
        var source = (Entry*)old.Data;
        for (long i = 0; i <= oldMask; i++)
        {
            if (source[i].Frame != 0)
            {
                *Find(source[i].Frame) = source[i];
            }
        }
    }

    private struct Entry
    {
        public const int TargetBits = 24;

        /// <summary>Frame number plus one, and the target that saw it last.</summary>
        public ulong Key;
        public ulong Fingerprint;

        public readonly ulong Frame => Key >> TargetBits;

        public readonly int Target => (int)(Key & ((1 << TargetBits) - 1));
    }
}

/// <summary>What was known of a frame when a target was found to map it.</summary>
internal enum FrameSighting
{
    /// <summary>Nothing: it counts as a frame.</summary>
    New,

    /// <summary>An earlier target maps it.</summary>
    KnownElsewhere,

    /// <summary>The same target maps it at another address too.</summary>
    KnownInTarget,
}
