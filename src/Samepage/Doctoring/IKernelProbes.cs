using Samepage.Linux;
using Samepage.Linux.Probes;

namespace Samepage.Doctoring;

/// <summary>What can only be found out by trying. Tests answer for made-up kernels.</summary>
public interface IKernelProbes
{
    /// <summary>Opting a process in by prctl.</summary>
    Errno OptIn();

    /// <summary>Whether exec keeps the opt-in; null where it was not found out.</summary>
    bool? IsOptInKeptOverExec();

    /// <summary>The PAGEMAP_SCAN request.</summary>
    Errno PagemapScan();

    /// <summary>Whether pagemap shows frame numbers.</summary>
    bool ShowsFrameNumbers();

    /// <summary>process_vm_readv.</summary>
    Errno ProcessVmRead();

    /// <summary>The userfaultfd system call.</summary>
    UserfaultOffer UserfaultBySystemCall();

    /// <summary>The userfaultfd device.</summary>
    UserfaultOffer UserfaultByDevice();

    /// <summary>Whether a kernel file may be written; nothing is written.</summary>
    Errno OpenForWriting(string path);
}

/// <summary>Tries things out on the calling process, without lasting effect.</summary>
/// <param name="exitStatusCommand">
/// A command that exits with <see cref="MergeProbe.ExitStatus"/>: program, then arguments. Null leaves inheritance unknown.
/// </param>
public sealed class LiveKernelProbes(string[]? exitStatusCommand) : IKernelProbes
{
    /// <inheritdoc/>
    public Errno OptIn() => MergeProbe.TryOptIn();

    /// <inheritdoc/>
    public bool? IsOptInKeptOverExec() =>
        exitStatusCommand is null ? null : MergeProbe.IsKeptOverExec(exitStatusCommand);

    /// <inheritdoc/>
    public Errno PagemapScan() => ReadProbe.PagemapScan();

    /// <inheritdoc/>
    public bool ShowsFrameNumbers() => ReadProbe.ShowsFrameNumbers();

    /// <inheritdoc/>
    public Errno ProcessVmRead() => ReadProbe.ProcessVmRead();

    /// <inheritdoc/>
    public UserfaultOffer UserfaultBySystemCall() => UserfaultProbe.BySystemCall();

    /// <inheritdoc/>
    public UserfaultOffer UserfaultByDevice() => UserfaultProbe.ByDevice();

    /// <inheritdoc/>
    public Errno OpenForWriting(string path) => KernelFile.TryOpenForWriting(path);
}
