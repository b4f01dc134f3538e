using System.ComponentModel;
using System.Diagnostics;
using Samepage.Linux.Proc;

namespace Samepage.Scenarios;

/// <summary>The processes of a program that has several.</summary>
internal static class ProcessTree
{
    /// <summary>A process and all that descend from it.</summary>
    public static IReadOnlyList<int> Of(ProcFs proc, int root)
    {
        var children = proc.ListProcesses()
            .Select(pid => ProcessStat.TryRead(proc, pid))
            .OfType<ProcessStat>()
            .Where(stat => !stat.HasEnded(proc))
            .ToLookup(stat => stat.ParentPid, stat => stat.Pid);
        List<int> found = [root];
        for (var index = 0; index < found.Count; index++)
        {
            found.AddRange(children[found[index]]);
        }

        return found;
    }

    /// <summary>Waits until a process has ended; kills it where patience does.</summary>
    /// <param name="proc">Where processes are looked up.</param>
    /// <param name="pid">Which one.</param>
    /// <param name="startTicks">When it started, so that a later one with its number is left alone.</param>
    /// <param name="patience">How long to wait.</param>
    public static void AwaitEnd(ProcFs proc, int pid, long startTicks, TimeSpan patience)
    {
        for (var waited = Stopwatch.StartNew(); Lives(proc, pid, startTicks); Thread.Sleep(10))
        {
            if (waited.Elapsed > patience)
            {
                Kill(pid);
                patience += TimeSpan.FromSeconds(1);
            }
        }
    }

    /// <summary>Kills a process by its number.</summary>
    public static void Kill(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            process.Kill();
        }
        catch (Exception ended) when (ended is ArgumentException or InvalidOperationException or Win32Exception)
        {
            // It has just ended by itself.
        }
    }

    private static bool Lives(ProcFs proc, int pid, long startTicks) =>
        ProcessStat.TryRead(proc, pid) is { } stat && stat.StartTicks == startTicks && !stat.HasEnded(proc);
}
