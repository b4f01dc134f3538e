namespace Samepage.Merging.User.Engine;

/// <summary>
/// The gate's hold lock, as the engine takes it: windows open, and ranges change, only while it is held. Recursive.
/// </summary>
internal sealed unsafe class GateLock(Gate* gate, GateCalls* calls)
{
    /// <summary>Counts the changes of ranges and of the mappings in them.</summary>
    public uint Changes => Volatile.Read(ref gate->Changes);

    /// <summary>Takes the lock; a program's thread holds it for one call on its mappings at most.</summary>
    public void Hold() => calls->Hold();

    /// <summary>Gives it back.</summary>
    public void Release() => calls->Release();
}
