namespace Samepage.Merging.User.Engine;

/// <summary>
/// The gate's hold lock, as the engine takes it: windows open, and ranges change, only while it is held. Recursive.
/// </summary>
internal sealed unsafe class GateLock(Gate* gate, GateCalls* calls)
{
    /// <summary>Counts the changes of ranges and of the mappings in them.</summary>
    public uint Changes => Volatile.Read(ref gate->Changes);

    /// <summary>
    /// Whether nothing about a chunk's range has changed since its mappings were read. Under the lock; no allocation.
    /// </summary>
    public bool IsCurrent(Chunk chunk)
    {
        var count = (int)Math.Min(gate->RangeCount, Gate.RangesMax);
        for (var i = 0; i < count; i++)
        {
            ref readonly var range = ref gate->Ranges[i];
            if (range.End > chunk.Start)
            {
                return range.Start <= chunk.Start && range.End >= chunk.End && range.Changes == chunk.Region.Changes;
            }
        }

        return false;
    }

    /// <summary>Takes the lock; a program's thread holds it for one call on its mappings at most.</summary>
    public void Hold() => calls->Hold();

    /// <summary>Gives it back.</summary>
    public void Release() => calls->Release();
}
