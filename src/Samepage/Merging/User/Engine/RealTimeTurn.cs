using ThreadPriority = Samepage.Linux.ThreadPriority;

namespace Samepage.Merging.User.Engine;

/// <summary>
/// Lifts the calling thread above all ordinary ones for the time of a window (SCHED_FIFO, priority 1), where the kernel
/// allows it. One thread: the engine's.
/// </summary>
internal sealed class RealTimeTurn
{
    /// <summary>False once the kernel has refused it.</summary>
    public bool IsAllowed { get; private set; } = true;

    /// <summary>From here on only real-time threads come before this one.</summary>
    public void Begin()
    {
        if (IsAllowed)
        {
            IsAllowed = ThreadPriority.TryRaise();
        }
    }

    /// <summary>Back to ordinary.</summary>
    public void End()
    {
        if (IsAllowed)
        {
            ThreadPriority.Lower();
        }
    }
}
