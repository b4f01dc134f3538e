using System.Globalization;
using Samepage.Governing;
using Samepage.Linux;
using Samepage.Linux.Swapping;

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
public sealed class SwapProvisioner : IDisposable
{
    private const long Granule = 1L << 20;
    private const long SmallestBytes = 16L << 20;
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

        var provisioner = new SwapProvisioner(options, kernel, Path.Combine(stateDirectory, "swap-areas"), held);
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

    private SwapOutcome AddFile(long bytes)
    {
        var (support, free, total) = _kernel.Look(_options.Directory);
        var reserve = (long)(total * _options.DiskReserveShare);
        if (support.Refusal is { } refusal)
        {
            return Refuse($"{_options.Directory}: {refusal}");
        }

        if (bytes > free - reserve)
        {
            return Refuse($"{_options.Directory} has {Figures.Bytes(free)} free, of which {Figures.Bytes(reserve)} stay free: no room for {Figures.Bytes(bytes)} of swap");
        }

        var number = Enumerable.Range(1, int.MaxValue)
            .First(each => _entries.All(entry => entry.Place != FileName(each)) && !_kernel.HasFile(FileName(each)));
        var entry = new SwapEntry(SwapKind.File, bytes, FileName(number));
        return Add(entry, () => _kernel.CreateFile(entry.Place, bytes, support.CanReserve));
    }

    private SwapOutcome AddZram(long bytes)
    {
        if (!_kernel.HasZram)
        {
            return Refuse("this kernel has no zram (CONFIG_ZRAM; try: modprobe zram), and the policy asks for it");
        }

        _entries.Add(new SwapEntry(SwapKind.Zram, bytes, ""));
        Save();
        int device;
        try
        {
            device = _kernel.AddZram();
        }
        catch (LinuxException)
        {
            _entries.RemoveAt(_entries.Count - 1);
            Save();
            throw;
        }

        _entries.RemoveAt(_entries.Count - 1);
        return Add(
            new SwapEntry(SwapKind.Zram, bytes, device.ToString(CultureInfo.InvariantCulture)), () => _kernel.FormatZram(device, bytes));
    }

    private SwapOutcome Add(SwapEntry entry, Action make)
    {
        _entries.Add(entry);
        Save();
        try
        {
            make();
            _kernel.SwitchOn(PathOf(entry), _options.Priority);
            if (AreaOf(entry) is not null)
            {
                return new SwapOutcome(true, entry.Bytes, $"added {Describe(entry)}; {Figures.Bytes(ProvidedBytes)} are provided of at most {Figures.Bytes(_options.CapBytes)}");
            }

            _kernel.SwitchOff(PathOf(entry));
            throw new IOException($"the kernel shows {entry.Place} under another name; name its directory without links");
        }
        catch (Exception error) when (error is LinuxException or IOException or UnauthorizedAccessException)
        {
            Discard(entry);
            throw;
        }
    }

    private void Remove(SwapEntry entry)
    {
        if (AreaOf(entry) is not null)
        {
            _kernel.SwitchOff(PathOf(entry));
        }

        Discard(entry);
    }

    /// <summary>Removes what is not on (any more), and then the note of it.</summary>
    private void Discard(SwapEntry entry)
    {
        if (entry.Kind == SwapKind.File)
        {
            _kernel.DeleteFile(entry.Place);
        }
        else if (Device(entry) is { } device && _kernel.IsOurs(device))
        {
            _kernel.RemoveZram(device);
        }

        _entries.Remove(entry);
        Save();
    }

    private void Recover()
    {
        var findings = new List<string>();
        if (SwapRecord.TryRead(_recordPath) is { } left)
        {
            _entries.AddRange(left.Entries);
            foreach (var entry in left.Entries)
            {
                findings.Add(Settle(entry, left.BootId == _kernel.BootId));
            }
        }
        else if (File.Exists(_recordPath))
        {
            // Written in one step, so this is not half a record but something else: out of the way, not lost.
            File.Move(_recordPath, _recordPath + ".unreadable", overwrite: true);
            findings.Add($"{_recordPath} is no record of swap and was renamed to end in .unreadable");
        }

        Findings = findings;
    }

    private string Settle(SwapEntry entry, bool isSameBoot)
    {
        // The number of a zram device means something else after a restart; a file's name does not.
        if ((isSameBoot || entry.Kind == SwapKind.File) && AreaOf(entry) is { } area)
        {
            return $"took over {Describe(entry)}, which holds {Figures.Bytes(area.UsedBytes)}";
        }

        if (entry.Kind == SwapKind.Zram && (!isSameBoot || Device(entry) is null))
        {
            _entries.Remove(entry);
            Save();
            return isSameBoot ? "a zram device may have been left without a size: it holds nothing" : $"{Describe(entry)} went with a restart of the machine";
        }

        Discard(entry);
        return $"removed {Describe(entry)}, which was left behind and not in use";
    }

    private void Save()
    {
        if (_entries.Count > 0)
        {
            new SwapRecord(_kernel.BootId, _entries).Write(_recordPath);
        }
        else
        {
            File.Delete(_recordPath);
        }
    }

    private SwapArea? AreaOf(SwapEntry entry) => PathOf(entry) is var path ? _kernel.Areas.FirstOrDefault(area => area.Path == path) : null;

    private string PathOf(SwapEntry entry) =>
        entry.Kind == SwapKind.File ? entry.Place : Device(entry) is { } device ? _kernel.NodeOf(device) : "zram";

    private static int? Device(SwapEntry entry) =>
        int.TryParse(entry.Place, NumberStyles.None, CultureInfo.InvariantCulture, out var device) ? device : null;

    private string FileName(int number) => Path.Combine(_options.Directory, string.Create(CultureInfo.InvariantCulture, $"samepage-{number}.swap"));

    private string Describe(SwapEntry entry) => $"{Figures.Bytes(entry.Bytes)} of swap at {PathOf(entry)}";
}
