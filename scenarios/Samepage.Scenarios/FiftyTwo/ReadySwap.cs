using Samepage.Guarding.Swapping;
using Samepage.Linux.Proc;
using Samepage.Linux.Swapping;

namespace Samepage.Scenarios.FiftyTwo;

/// <summary>
/// Swap that stands ready before it is needed, in files of the scenario's own. What is made is on disk before it is made,
/// so that after a kill the next run takes it away. Not thread-safe but for <see cref="Bytes"/>.
/// </summary>
internal sealed class ReadySwap : IDisposable
{
    /// <summary>Left free on the disk, as a part of it: the scenario's files are gone in a quarter of an hour.</summary>
    public const double DiskReserveShare = 0.02;

    private const long Granule = 64L << 20;

    private readonly SwapProvisioner _provisioner;
    private readonly string _directory;
    private long _bytes;

    private ReadySwap(SwapProvisioner provisioner, string directory) => (_provisioner, _directory) = (provisioner, directory);

    /// <summary>How much there is.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Where the files are.</summary>
    public static string DirectoryIn(string stateDirectory) => Path.Combine(stateDirectory, "scenario", "swap");

    /// <summary>Takes hold of the state directory, and takes away what a run that was killed has left.</summary>
    /// <exception cref="ScenarioException">Another scenario is running.</exception>
    public static ReadySwap Open(string stateDirectory)
    {
        var options = new SwapOptions
        {
            Kind = SwapKind.File,
            Directory = DirectoryIn(stateDirectory),
            CapBytes = long.MaxValue,
            DiskReserveShare = DiskReserveShare,
            MemoryReserveBytes = 64L << 20,
        };
        try
        {
            var kernel = new SwapKernel(new ProcFs(), new ZramControl());
            var swap = new ReadySwap(SwapProvisioner.Open(options, kernel, Path.Combine(stateDirectory, "scenario")), options.Directory);
            swap.Withdraw();
            return swap;
        }
        catch (SwapHeldException)
        {
            throw new ScenarioException("another scenario is running on this machine; wait for it");
        }
    }

    /// <summary>Makes as much ready as was asked for altogether.</summary>
    /// <returns>Why there is less; null where there is enough.</returns>
    public string? Ensure(long bytes)
    {
        var missing = (bytes - Bytes + Granule - 1) / Granule * Granule;
        if (missing <= 0)
        {
            return null;
        }

        var outcome = _provisioner.Provision(missing);
        Interlocked.Exchange(ref _bytes, _provisioner.ProvidedBytes);
        return outcome.IsDone ? null : outcome.Reason;
    }

    /// <summary>Takes all of it away; nobody uses it any more.</summary>
    /// <returns>Why some of it stays; null where nothing does.</returns>
    public string? Withdraw()
    {
        SwapOutcome outcome = new(true, 0, "");
        while (outcome.IsDone && _provisioner.ProvidedBytes > 0)
        {
            outcome = _provisioner.Withdraw();
        }

        Interlocked.Exchange(ref _bytes, _provisioner.ProvidedBytes);
        return outcome.IsDone ? null : outcome.Reason;
    }

    /// <summary>Lets go of the state directory. What could not be withdrawn is still noted there, for the next run.</summary>
    public void Dispose()
    {
        if (Withdraw() is null && Directory.Exists(_directory) && !Directory.EnumerateFileSystemEntries(_directory).Any())
        {
            Directory.Delete(_directory);
        }

        _provisioner.Dispose();
    }
}
