using Samepage.Linux;

namespace Samepage.Doctoring;

/// <summary>What estimates read memory with.</summary>
internal static class ReadingChecks
{
    private const string Group = "Looking at memory";

    public static IEnumerable<Finding> Look(HostView host)
    {
        var scan = host.Probes.PagemapScan();
        yield return scan == Errno.None
            ? new Finding("pagemap_scan", Group, "PAGEMAP_SCAN", FindingState.Ok, "works",
                "present pages are found without walking holes: milliseconds a GiB")
            : new Finding("pagemap_scan", Group, "PAGEMAP_SCAN", FindingState.Limited, $"{scan}",
                "/proc/PID/pagemap is read instead: slower on large holes", "run Linux 6.7 or later");
        yield return Reading(host);
        yield return host.Probes.ShowsFrameNumbers()
            ? new Finding("frame_numbers", Group, "frame numbers", FindingState.Ok, "readable in pagemap",
                "pages that share a frame already are recognised exactly")
            : new Finding("frame_numbers", Group, "frame numbers", FindingState.Limited, "hidden from this caller",
                "pages that share a frame already are recognised by the exclusive bit and equal content",
                "run as root, or with CAP_SYS_ADMIN");
    }

    private static Finding Reading(HostView host)
    {
        Finding Say(FindingState state, string found, string meaning, string? remedy = null) =>
            new("process_vm_readv", Group, "process_vm_readv", state, found, meaning, remedy);
        var error = host.Probes.ProcessVmRead();
        if (error != Errno.None)
        {
            return Say(FindingState.Missing, $"{error}", "the memory of processes cannot be read, so nothing can be estimated",
                "boot a kernel with CONFIG_CROSS_MEMORY_ATTACH=y, or lift the seccomp filter of this container");
        }

        return host.Has(Capability.SysPtrace)
            ? Say(FindingState.Ok, "works, on processes of every user", "any process can be looked at")
            : Say(FindingState.Limited, "works, on your own processes", "processes of other users are left out",
                "run as root, or with CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH");
    }
}
