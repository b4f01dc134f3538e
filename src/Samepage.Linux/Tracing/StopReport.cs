using Samepage.Linux.Interop;

namespace Samepage.Linux.Tracing;

/// <summary>Why a traced thread stopped.</summary>
public enum StopKind
{
    /// <summary>It ended, or was killed.</summary>
    Ended,

    /// <summary>By <see cref="TracedThread.Interrupt"/>, or because its process is stopped.</summary>
    Interrupted,

    /// <summary>At the entry to or the exit from a system call.</summary>
    SystemCall,

    /// <summary>A signal is about to be delivered to it.</summary>
    Signal,
}

/// <summary>What the kernel reported of a traced thread.</summary>
/// <param name="Kind">Why it stopped.</param>
/// <param name="Signal">The signal, where <paramref name="Kind"/> is <see cref="StopKind.Signal"/>.</param>
public readonly record struct StopReport(StopKind Kind, int Signal)
{
    /// <summary>The bit that PTRACE_O_TRACESYSGOOD adds to tell system calls from real traps.</summary>
    private const int SystemCallBit = 0x80;

    /// <summary>Reads a wait status: the low byte 0x7f says stopped, then the signal, then the event.</summary>
    internal static StopReport Parse(int status)
    {
        if ((status & 0xff) != 0x7f)
        {
            return new StopReport(StopKind.Ended, status & 0x7f);
        }

        var signal = (status >> 8) & 0xff;
        return (status >> 16) switch
        {
            Libc.PTRACE_EVENT_STOP => new StopReport(StopKind.Interrupted, 0),
            _ when signal == (Libc.SIGTRAP | SystemCallBit) => new StopReport(StopKind.SystemCall, 0),
            _ => new StopReport(StopKind.Signal, signal),
        };
    }
}
