using Samepage.Linux.Proc;
using Samepage.Targets;

namespace Samepage.Estimating;

/// <summary>Looks at processes and says what merging would save. Reads only.</summary>
/// <param name="proc">The process file system to look in.</param>
public sealed class Estimator(ProcFs proc)
{
    /// <summary>Makes an estimate. Cancellation does not throw: what was found by then comes back, marked partial.</summary>
    /// <param name="targets">The processes to look at.</param>
    /// <param name="options">How to look.</param>
    /// <param name="progress">Told a few times a second; may be null.</param>
    /// <param name="cancel">Ends the look early.</param>
    /// <exception cref="Linux.LinuxException">No target may be read; the error says why.</exception>
    public Estimate Run(
        IReadOnlyList<TargetProcess> targets, EstimateOptions options,
        IProgress<EstimateProgress>? progress, CancellationToken cancel)
    {
        _ = (proc, targets, options, progress, cancel);
        throw new NotSupportedException();
    }
}
