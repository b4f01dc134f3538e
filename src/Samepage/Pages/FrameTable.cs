using Samepage.Linux.Memory;

namespace Samepage.Pages;

/// <summary>
/// Which target saw a frame last, for frames that more than one page table maps. Open addressing, 8 bytes a frame: 40
/// bits of frame number (4 PiB of memory) and 24 bits of target. Exclusive frames never come here, so that on most
/// hosts it stays tiny. Not thread-safe.
/// </summary>
internal sealed unsafe class FrameTable : IDisposable
{
    private const int TargetBits = 24;
    private AnonymousMemory _memory = new(1 << 16, hugePages: false);
    private long _mask = (1 << 13) - 1;
    private long _count;

    /// <summary>Notes that a target maps a frame.</summary>
    /// <returns>What was known of it before.</returns>
    public FrameSighting Observe(ulong frameNumber, int target)
    {
        var slot = Slot(frameNumber + 1);
        var known = *slot;
        *slot = frameNumber + 1 << TargetBits | (uint)target;
        if (known == 0)
        {
            if (++_count > _mask / 4 * 3)
            {
                Grow();
            }

            return FrameSighting.New;
        }

        return (int)(known & ((1 << TargetBits) - 1)) == target ? FrameSighting.KnownInTarget : FrameSighting.KnownElsewhere;
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    /// <summary>The slot of a key (frame number plus one), or the empty one where it belongs.</summary>
    private ulong* Slot(ulong key)
    {
        // SAFETY: the index is masked to the table, which always has an empty slot.
        var table = (ulong*)_memory.Data;
        var index = (long)(key * 0x9E37_79B9_7F4A_7C15 >> 20) & _mask;
        while (table[index] != 0 && table[index] >> TargetBits != key)
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
        _memory = new AnonymousMemory((_mask + 1) * sizeof(ulong), hugePages: true);
        var source = (ulong*)old.Data;
        for (long i = 0; i <= oldMask; i++)
        {
            if (source[i] != 0)
            {
                *Slot(source[i] >> TargetBits) = source[i];
            }
        }
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
