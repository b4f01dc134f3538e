using Samepage.Linux.Memory;

namespace Samepage.Pages;

/// <summary>
/// Stands in for <see cref="FrameTable"/> where frame numbers are hidden: guesses by content which pages lie on one
/// frame. A process does not map an anonymous frame twice (unless the kernel has merged), so that equal pages of one
/// target lie on frames of their own; equal pages of two targets that are both mapped more than once are taken to be
/// what fork left shared. A content therefore has as many frames as the target with most pages of it. Only pages that
/// are mapped more than once come here. Open addressing, 24 bytes a content. Not thread-safe.
/// </summary>
internal sealed unsafe class HiddenFrames : IDisposable
{
    private AnonymousMemory _memory = new((1 << 12) * sizeof(Entry), hugePages: false);
    private long _mask = (1 << 12) - 1;
    private long _count;

    /// <summary>Notes a page.</summary>
    /// <param name="fingerprint">What it holds.</param>
    /// <param name="target">Who maps it; targets come one after the other.</param>
    /// <param name="mayBeMerged">The kernel may have merged it: an equal page of the same target is the same frame.</param>
    public FrameSighting Observe(ulong fingerprint, int target, bool mayBeMerged)
    {
        ref var entry = ref Find(fingerprint | 1);
        if (entry.Key == 0)
        {
            entry = new Entry { Key = fingerprint | 1, Target = (uint)target, InTarget = 1, Most = 1 };
            if (++_count > _mask / 4 * 3)
            {
                Grow();
            }

            return FrameSighting.New;
        }

        if (entry.Target != (uint)target)
        {
            entry.Target = (uint)target;
            entry.InTarget = 1;
            return FrameSighting.KnownElsewhere;
        }

        if (mayBeMerged)
        {
            return FrameSighting.KnownInTarget;
        }

        entry.InTarget++;
        if (entry.InTarget <= entry.Most)
        {
            return FrameSighting.KnownElsewhere;
        }

        entry.Most = entry.InTarget;
        return FrameSighting.New;
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    private ref Entry Find(ulong key)
    {
        // SAFETY: the index is masked to the table, which always has an empty entry.
        var table = (Entry*)_memory.Data;
        var index = (long)(key >> 20) & _mask;
        while (table[index].Key != 0 && table[index].Key != key)
        {
            index = index + 1 & _mask;
        }

        return ref table[index];
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
            if (source[i].Key != 0)
            {
                Find(source[i].Key) = source[i];
            }
        }
    }

    private struct Entry
    {
        /// <summary>The fingerprint with its lowest bit set; 0 where the entry is empty.</summary>
        public ulong Key;
        public uint Target;
        public uint InTarget;
        public uint Most;
    }
}
