using System.Globalization;
using Samepage.Linux.Proc;

namespace Samepage.Governing;

/// <summary>
/// Where ksmd's thread is, and the CPU time it has spent. It runs since boot, so it is looked for once; from another pid
/// namespace it is not to be seen, unless the host's own process file system is at hand there. Not thread-safe.
/// </summary>
/// <param name="proc">The host's process file system.</param>
public sealed class KsmdThread(ProcFs proc)
{
    private int? _pid;
    private bool _isSought;

    /// <summary>Its number; null where it cannot be seen.</summary>
    public int? Pid
    {
        get
        {
            if (!_isSought)
            {
                _isSought = true;
                _pid = proc.ListProcesses().Cast<int?>().FirstOrDefault(
                    pid => ProcessStat.TryRead(proc, pid!.Value) is { Name: "ksmd", IsKernelThread: true });
            }

            return _pid;
        }
    }

    /// <summary>The scheduler's own count, in nanoseconds; that of stat, where it is all there is, comes in steps of 10 ms.</summary>
    public long? CpuNanoseconds
    {
        get
        {
            if (Pid is not { } pid)
            {
                return null;
            }

            return proc.TryRead(pid, "schedstat")?.Split(' ') is [var run, ..]
                && long.TryParse(run, NumberStyles.None, CultureInfo.InvariantCulture, out var nanoseconds)
                ? nanoseconds
                : ProcessStat.TryRead(proc, pid) is { } stat ? (long)(stat.CpuSeconds * 1e9) : null;
        }
    }

    /// <summary>The same in seconds.</summary>
    public double? CpuSeconds => CpuNanoseconds * 1e-9;
}
