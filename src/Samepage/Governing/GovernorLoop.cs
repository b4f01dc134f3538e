using Samepage.Linux;

namespace Samepage.Governing;

/// <summary>Samples a host, lets the governor decide, and has it carried out, until it is cancelled.</summary>
/// <param name="sample">Takes a sample.</param>
/// <param name="governor">Decides.</param>
/// <param name="scan">Carries it out.</param>
public sealed class GovernorLoop(Func<HostSample> sample, Governor governor, IKernelScan scan)
{
    /// <summary>Runs on the calling thread; returns when cancelled. Settings are put back by whoever disposes of the scan.</summary>
    /// <param name="told">Told of each decision, and of what its execution met with.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="LinuxException">The host cannot be read or its settings not be written any more.</exception>
    public void Run(Action<GovernorDecision, IReadOnlyList<string>> told, CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            var decision = governor.Decide(sample());
            told(decision, scan.Apply(decision.Order));
            cancel.WaitHandle.WaitOne(decision.NextLook);
        }
    }
}
