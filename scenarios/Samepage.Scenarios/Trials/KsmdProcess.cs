using Samepage.Linux.Proc;

namespace Samepage.Scenarios.Trials;

/// <summary>The kernel thread that merges.</summary>
internal static class KsmdProcess
{
    /// <summary>The CPU time it has spent since boot; 0 where it is not visible (another pid namespace).</summary>
    public static double CpuSeconds(ProcFs proc)
    {
        foreach (var pid in proc.ListProcesses())
        {
            if (ProcessStat.TryRead(proc, pid) is { IsKernelThread: true, Name: "ksmd" } stat)
            {
                return stat.CpuSeconds;
            }
        }

        return 0;
    }
}
