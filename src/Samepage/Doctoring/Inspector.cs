using Samepage.Linux.Proc;

namespace Samepage.Doctoring;

/// <summary>Looks at what a kernel and machine offer to Samepage. Changes nothing for longer than a few milliseconds.</summary>
/// <param name="proc">The process file system; tests replace it.</param>
/// <param name="sysRoot">Where sysfs is mounted; tests replace it.</param>
/// <param name="probes">What can only be found out by trying.</param>
/// <param name="driver">The daemon that drives ksmd, in words; null where none does.</param>
public sealed class Inspector(ProcFs proc, string sysRoot, IKernelProbes probes, string? driver = null)
{
    /// <summary>Looks at everything; what cannot be read is reported as such and never thrown.</summary>
    public HostReport Inspect()
    {
        var host = new HostView(proc, sysRoot, probes, driver);
        return new HostReport(
            host.Proc("sys/kernel/osrelease") ?? "unknown",
            [
                .. MergingChecks.Look(host),
                .. ReadingChecks.Look(host),
                .. InjectionChecks.Look(host),
                .. UserEngineChecks.Look(host),
                .. MemoryChecks.Look(host),
                .. PressureChecks.Look(host),
                .. MachineChecks.Look(host),
            ]);
    }
}
