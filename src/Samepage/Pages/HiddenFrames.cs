namespace Samepage.Pages;

/// <summary>
/// Stands in for <see cref="FrameTable"/> where frame numbers are hidden: guesses by content which pages lie on one
/// frame. A process does not map an anonymous frame twice (unless the kernel has merged), so that equal pages of one
/// target lie on frames of their own; equal pages of two targets that are both mapped more than once are taken to be
/// what fork left shared. A content therefore has as many frames as the target with most pages of it. Only pages that
/// are mapped more than once come here. 24 bytes a content. Not thread-safe.
/// </summary>
internal sealed class HiddenFrames : IDisposable
{
    private readonly OffHeapTable<Entry> _table = new();

    /// <summary>Notes a page.</summary>
    /// <param name="fingerprint">What it holds.</param>
    /// <param name="target">Who maps it; targets come one after the other.</param>
    /// <param name="mayBeMerged">The kernel may have merged it: an equal page of the same target is the same frame.</param>
    public FrameSighting Observe(ulong fingerprint, int target, bool mayBeMerged)
    {
        ref var entry = ref _table.Find(fingerprint | 1);
        if (entry.Key == 0)
        {
            entry = new Entry { Key = fingerprint | 1, Target = (uint)target, InTarget = 1, Most = 1 };
            _table.NoteAdded();
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
    public void Dispose() => _table.Dispose();

    private struct Entry : IKeyedEntry
    {
        public uint Target;
        public uint InTarget;
        public uint Most;

        /// <summary>The fingerprint with its lowest bit set.</summary>
        public ulong Key { get; init; }
    }
}
