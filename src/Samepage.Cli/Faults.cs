using System.Diagnostics;
using Samepage.Linux.Proc;
using Samepage.Merging.Kernel;

namespace Samepage.Cli;

/// <summary>
/// Makes the moments at which something dies in the middle of an injection reproducible, for the tests. The variable
/// SAMEPAGE_TEST_FAULT says who is killed and when: "front:Prepared" the command that the user sees, "tracer:Returned"
/// the process that traces, each at the step named. Without the variable nothing of this exists.
/// </summary>
internal static class Faults
{
    /// <summary>The injector of the verbs.</summary>
    public static Injector Injector(ProcFs proc) =>
        Environment.GetEnvironmentVariable("SAMEPAGE_TEST_FAULT") is { } fault && fault.Split(':') is [var who, var step]
            ? new Injector(proc, new InjectorOptions { AtStep = (at, _) => Kill(proc, who, at.ToString() == step) })
            : new Injector(proc);

    private static void Kill(ProcFs proc, string who, bool isNow)
    {
        if (!isNow)
        {
            return;
        }

        var own = Environment.ProcessId;
        var parent = ProcessStat.TryRead(proc, own)!.ParentPid;
        using var victim = Process.GetProcessById(who == "front" ? parent : own);
        victim.Kill();

        // The one in front must be dead before the step goes on; this one never gets so far as to notice.
        while (who != "front" || ProcessStat.TryRead(proc, parent) is { State: not ('Z' or 'X') })
        {
            Thread.Sleep(1);
        }
    }
}
