using System.Diagnostics;
using System.Globalization;
using Samepage.Linux;
using Samepage.Linux.Tracing;

namespace Samepage.Bench.Measuring;

/// <summary>
/// Threads of other processes that are held by ptrace, each at a moment when it rests (waits for a futex): nobody waits
/// for what it has under way then. They go on when disposed of, or when this process ends. One thread, which must be the
/// same from beginning to end.
/// </summary>
internal sealed class StoppedThreads : IDisposable
{
    /// <summary>futex in the table of system calls of x86-64, as /proc/PID/syscall shows it.</summary>
    private const string Futex = "202 ";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);
    private readonly List<TracedThread> _stopped = [];

    /// <summary>Stops them one by one.</summary>
    /// <exception cref="InvalidOperationException">One does not come to rest.</exception>
    public StoppedThreads(IEnumerable<(int Pid, int Thread)> threads)
    {
        foreach (var (pid, thread) in threads)
        {
            var clock = Stopwatch.StartNew();
            while (!TryStop(pid, thread))
            {
                if (clock.Elapsed > s_patience)
                {
                    Dispose();
                    throw new InvalidOperationException($"thread {thread} of process {pid} does not rest");
                }

                TracedThread.Nap();
            }
        }
    }

    public void Dispose()
    {
        _stopped.ForEach(thread => thread.Detach(0));
        _stopped.Clear();
    }

    private bool TryStop(int pid, int thread)
    {
        if (!Rests(pid, thread))
        {
            return false;
        }

        if (TracedThread.Seize(thread, suspendSeccomp: false, out var traced) is var refused and not Errno.None)
        {
            throw new InvalidOperationException($"thread {thread} of process {pid} cannot be traced: {refused}");
        }

        traced!.Interrupt();
        _ = traced.Wait();
        if (Rests(pid, thread))
        {
            _stopped.Add(traced);
            return true;
        }

        // It went on between the look and the stop.
        traced.Detach(0);
        return false;
    }

    private static bool Rests(int pid, int thread) =>
        KernelFile.TryReadText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/task/{thread}/syscall"))?.StartsWith(Futex, StringComparison.Ordinal) ?? false;
}
