namespace Samepage.Merging.User.Engine;

/// <summary>
/// The gate's hold lock, as the engine takes it: windows open, and ranges change, only while it is held. Recursive.
/// </summary>
internal sealed unsafe class GateLock(Gate* gate, GateCalls* calls)
{
    /// <summary>Counts the changes of ranges and of the mappings in them.</summary>
    public uint Changes => Volatile.Read(ref gate->Changes);

    /// <summary>
    /// Whether all of these pages of a chunk are still under advice, and under the same marks as when its mappings were
    /// read. Enough for merging: whatever else has changed, the kernel moves nothing but ordinary pages of memory that can
    /// be read and written, and a window replaces nothing but what was moved. Under the lock; no allocation.
    /// </summary>
    public bool IsStillAdvised(Chunk chunk, int first, int end)
    {
        var range = RangeOf(chunk.AddressOf(first), chunk.AddressOf(end));
        return range is not null && range->Standing == chunk.Region.Standing;
    }

    /// <summary>The count of changes when the mappings were last read.</summary>
    public uint SeenChanges { get; set; }

    /// <summary>
    /// Whether nothing at all has changed about a chunk since its mappings were read: what merged runs are still mapped
    /// there is known for sure, also of those beyond the part that may be merged. Under the lock; no allocation.
    /// </summary>
    public bool IsUnchanged(Chunk chunk) =>
        RangeOf(chunk.Start, chunk.End) is var range && range is not null
        && ((range->Changes == chunk.Region.Changes && range->Start <= chunk.Base && range->End >= chunk.Base + MemberRegion.ChunkBytes)
            || !WasEdited(SeenChanges, chunk.Base, chunk.Base + MemberRegion.ChunkBytes));

    /// <summary>
    /// Whether anything has changed about these addresses since <see cref="Changes"/> was so many; true also where it is
    /// too long ago to tell. Under the lock; no allocation.
    /// </summary>
    public bool WasEdited(uint since, ulong start, ulong end)
    {
        var later = gate->Changes - since;
        if (later > Gate.EditsMax)
        {
            return true;
        }

        // SAFETY: the gate is a mapping of its own that never moves, and has EditsMax edits.
        var edits = (GateEdit*)&gate->Edits;
        for (uint i = 1; i <= later; i++)
        {
            ref var edit = ref edits[(since + i) % Gate.EditsMax];
            if (edit.Start < end && edit.End > start)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Takes the lock; a program's thread holds it for one call on its mappings at most.</summary>
    public void Hold() => calls->Hold();

    /// <summary>Gives it back.</summary>
    public void Release() => calls->Release();

    private GateRange* RangeOf(ulong start, ulong end)
    {
        // SAFETY: the gate is a mapping of its own that never moves, and has RangesMax ranges.
        var ranges = (GateRange*)&gate->Ranges;
        var count = (int)Math.Min(gate->RangeCount, Gate.RangesMax);
        for (var i = 0; i < count; i++)
        {
            if (ranges[i].End > start)
            {
                return ranges[i].Start <= start && ranges[i].End >= end ? ranges + i : null;
            }
        }

        return null;
    }
}
