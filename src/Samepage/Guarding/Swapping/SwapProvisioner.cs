using Samepage.Governing;
using Samepage.Linux;

namespace Samepage.Guarding.Swapping;

/// <summary>
/// Provides swap while it is needed, up to a cap, and takes it away again when that is safe. What it is about to do is
/// on disk before it is done, so that a later start finds and clears up, or takes over, what a killed one has left.
/// </summary>
/// <remarks>
/// Swap that is on when a provisioner opens stays on and is taken over: switching it off is a matter of memory, not of
/// tidiness. One process at a time holds a state directory, by a lock that ends with it. Between making a zram device
/// and noting its number lies one moment in which a kill leaves an empty device behind, which costs nothing.
/// Not thread-safe.
/// </remarks>
public sealed partial class SwapProvisioner : IDisposable
{
    private const long Granule = 1L << 20;
    private const long SmallestBytes = 16L << 20;

    /// <summary>Left to a group beside what comes back from swap.</summary>
    private const long GroupReserveBytes = 16L << 20;

    private const string RecordName = "swap-areas";
    private readonly SwapOptions _options;
    private readonly ISwapKernel _kernel;
    private readonly string _recordPath;
    private readonly List<SwapEntry> _entries = [];
    private int _lock;

    private SwapProvisioner(SwapOptions options, ISwapKernel kernel, string recordPath, int held) =>
        (_options, _kernel, _recordPath, _lock) = (options, kernel, recordPath, held);

    /// <summary>What it provides now.</summary>
    public long ProvidedBytes => _entries.Sum(entry => entry.Bytes);

    /// <summary>What was found when it opened, and what became of it: one sentence each.</summary>
    public IReadOnlyList<string> Findings { get; private set; } = [];

    /// <summary>Whether an earlier provisioner left a record in a state directory.</summary>
    public static bool HasLeftovers(string stateDirectory) => File.Exists(Path.Combine(stateDirectory, RecordName));

    /// <summary>Takes hold of a state directory, and clears up or takes over what was left there.</summary>
    /// <param name="options">What the operator allows.</param>
    /// <param name="kernel">The kernel.</param>
    /// <param name="stateDirectory">Where the record is kept; made where it is missing.</param>
    /// <exception cref="SwapHeldException">Another process holds it.</exception>
    /// <exception cref="LinuxException">What was left could not be removed.</exception>
    public static SwapProvisioner Open(SwapOptions options, ISwapKernel kernel, string stateDirectory)
    {
        Directory.CreateDirectory(stateDirectory);
        var lockPath = Path.Combine(stateDirectory, "swap.lock");
        var held = FileHandle.TryLock(lockPath);
        if (held < 0)
        {
            throw new SwapHeldException(lockPath);
        }

        var provisioner = new SwapProvisioner(options, kernel, Path.Combine(stateDirectory, RecordName), held);
        try
        {
            provisioner.Recover();
            return provisioner;
        }
        catch
        {
            provisioner.Dispose();
            throw;
        }
    }

    /// <summary>Adds swap, as much as is wanted and allowed.</summary>
    public SwapOutcome Provision(long wantedBytes)
    {
        var bytes = Math.Min(wantedBytes, _options.CapBytes - ProvidedBytes) / Granule * Granule;
        if (bytes < SmallestBytes)
        {
            return Refuse($"{Figures.Bytes(ProvidedBytes)} are provided of at most {Figures.Bytes(_options.CapBytes)}, and {Figures.Bytes(wantedBytes)} were wanted: nothing to add (swap below {Figures.Bytes(SmallestBytes)} is not worth an area)");
        }

        try
        {
            return _options.Kind == SwapKind.File ? AddFile(bytes) : AddZram(bytes);
        }
        catch (Exception error) when (error is LinuxException or IOException or UnauthorizedAccessException)
        {
            return Refuse($"swap could not be provided: {error.Message}");
        }
    }

    /// <summary>Takes the latest area away, where memory suffices for what it holds.</summary>
    public SwapOutcome Withdraw()
    {
        if (_entries is not [.., var entry])
        {
            return Refuse("no swap is provided");
        }

        var memory = _kernel.Memory;
        var used = AreaOf(entry)?.UsedBytes ?? 0;
        if (used > memory.AvailableBytes - _options.MemoryReserveBytes)
        {
            return Refuse($"{PathOf(entry)} holds {Figures.Bytes(used)}, and the host could take back {Figures.Bytes(memory.AvailableBytes)} available - {Figures.Bytes(_options.MemoryReserveBytes)} reserve: it stays");
        }

        // Switching swap off does not swap: where a group has no room for its own, the kernel kills in it.
        if (_kernel.Groups.FirstOrDefault(group => Math.Min(group.SwappedBytes, used) is > 0 and var back && back > group.MemoryBytes - GroupReserveBytes) is { } tight)
        {
            return Refuse($"{PathOf(entry)} holds {Figures.Bytes(used)}, and control group {tight.Group}, of which {Figures.Bytes(tight.SwappedBytes)} are in swap, could take back {Figures.Bytes(tight.MemoryBytes)} - {Figures.Bytes(GroupReserveBytes)} reserve: it stays");
        }

        try
        {
            Remove(entry);
            return new SwapOutcome(true, entry.Bytes, $"removed {Describe(entry)}: it held {Figures.Bytes(used)}, and {Figures.Bytes(memory.AvailableBytes)} were available");
        }
        catch (Exception error) when (error is LinuxException or IOException or UnauthorizedAccessException)
        {
            return Refuse($"{PathOf(entry)} could not be removed: {error.Message}");
        }
    }

    /// <summary>Lets go of the state directory. Swap that is still on stays on, for the next one to take over.</summary>
    public void Dispose() => FileHandle.Close(ref _lock);

    private static SwapOutcome Refuse(string reason) => new(false, 0, reason);
}
