using Samepage.Linux.Sys;

namespace Samepage.Governing;

/// <summary>
/// Waits until ksmd has converged. It only looks: whether ksmd runs, and how fast, is the caller's business. With
/// <c>smart_scan=0</c> three quiet passes suffice and nothing is left unmerged; see <see cref="ConvergenceTracker"/>.
/// </summary>
/// <param name="look">Takes a sample.</param>
/// <param name="every">Time between two looks.</param>
public sealed class ConvergenceWaiter(Func<ConvergenceSample> look, TimeSpan every)
{
    /// <summary>Waits for a host's ksmd, looking ten times a second.</summary>
    public ConvergenceWaiter(KsmSysfs ksm)
        : this(() => ConvergenceSample.Take(ksm), TimeSpan.FromMilliseconds(100))
    {
    }

    /// <summary>What the last wait came to know; null before the first.</summary>
    public ConvergenceMemory? Memory { get; private set; }

    /// <summary>
    /// Blocks until merging has converged, the time is up, or the wait is cancelled, and returns the last verdict:
    /// only <see cref="Convergence.Converged"/> means what it says. History from before the call does not count, so
    /// memory that was offered just before it is waited for.
    /// </summary>
    /// <param name="timeout">The longest wait; null waits for ever.</param>
    /// <param name="progress">Told of every look; may be null.</param>
    /// <param name="cancel">Ends the wait early.</param>
    public ConvergenceVerdict Wait(
        TimeSpan? timeout, Action<ConvergenceSample, ConvergenceVerdict>? progress, CancellationToken cancel)
    {
        var tracker = new ConvergenceTracker();
        var start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var sample = look();
            var verdict = tracker.Observe(sample);
            Memory = tracker.Memory;
            progress?.Invoke(sample, verdict);
            if (verdict.State == Convergence.Converged
                || (timeout is { } most && TimeProvider.System.GetElapsedTime(start) >= most)
                || cancel.WaitHandle.WaitOne(every))
            {
                return verdict;
            }
        }
    }
}
