namespace Samepage.Pages;

/// <summary>
/// Frames that more than one page table maps: which target saw each last, and what it holds. 16 bytes a frame: 40 bits
/// of frame number (4 PiB of memory), 24 bits of target, and the fingerprint. Exclusive frames never come here, so that
/// on most hosts it stays small. Not thread-safe.
/// </summary>
internal sealed class FrameTable : IDisposable
{
    private readonly OffHeapTable<Entry> _table = new();

    /// <summary>Notes that a target maps a frame.</summary>
    /// <param name="frameNumber">The frame.</param>
    /// <param name="target">The target.</param>
    /// <param name="fingerprint">What the frame holds, where somebody has read it; else 0.</param>
    /// <returns>What was known of it before.</returns>
    public FrameSighting Observe(ulong frameNumber, int target, out ulong fingerprint)
    {
        ref var entry = ref _table.Find(frameNumber + 1);
        fingerprint = entry.Fingerprint;
        if (entry.Key == 0)
        {
            entry = new Entry(frameNumber + 1, target);
            _table.NoteAdded();
            return FrameSighting.New;
        }

        var sighting = entry.Target == target ? FrameSighting.KnownInTarget : FrameSighting.KnownElsewhere;
        entry = new Entry(frameNumber + 1, target) { Fingerprint = fingerprint };
        return sighting;
    }

    /// <summary>Notes what a frame that was observed before holds: shared frames do not change.</summary>
    public void SetFingerprint(ulong frameNumber, ulong fingerprint) => _table.Find(frameNumber + 1).Fingerprint = fingerprint;

    /// <inheritdoc/>
    public void Dispose() => _table.Dispose();

    private struct Entry(ulong key, int target) : IKeyedEntry
    {
        private const int TargetBits = 24;

        public ulong Fingerprint;

        /// <summary>Frame number plus one, and the target that saw it last.</summary>
        private readonly ulong _packed = key << TargetBits | (uint)target;

        public readonly ulong Key => _packed >> TargetBits;

        public readonly int Target => (int)(_packed & ((1 << TargetBits) - 1));
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
