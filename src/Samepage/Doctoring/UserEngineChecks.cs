using Samepage.Linux;

namespace Samepage.Doctoring;

/// <summary>What Samepage's own merging depends on: userfaultfd and its MOVE.</summary>
internal static class UserEngineChecks
{
    private const string Group = "Merging by Samepage itself";

    public static IEnumerable<Finding> Look(HostView host)
    {
        var call = host.Probes.UserfaultBySystemCall();
        var device = host.Probes.UserfaultByDevice();
        var (best, way) = call.Error == Errno.None ? (call, "system call") : (device, "/dev/userfaultfd");
        if (best.Error != Errno.None)
        {
            var isOff = call.Error == Errno.ENOSYS && device.Error == Errno.ENOENT;
            yield return new Finding("userfaultfd", Group, "userfaultfd", isOff ? FindingState.Missing : FindingState.Limited,
                $"system call: {call.Error}; /dev/userfaultfd: {device.Error}", "the user engine has no way to hold faults back",
                isOff ? "boot a kernel with CONFIG_USERFAULTFD=y" : "as root: chgrp kvm /dev/userfaultfd && chmod g+rw /dev/userfaultfd, and join that group");
            yield break;
        }

        yield return new Finding("userfaultfd", Group, "userfaultfd", FindingState.Ok,
            $"open by {way}; /dev/userfaultfd: {(device.Error == Errno.None ? "open" : device.Error)}", "faults can be held back while a page is replaced");
        yield return best.CanMove
            ? new Finding("uffd_move", Group, "UFFDIO_MOVE", FindingState.Ok, "offered", "pages can be replaced without losing direct I/O")
            : new Finding("uffd_move", Group, "UFFDIO_MOVE", FindingState.Missing, "not offered", "the user engine refuses to merge: no other way is safe", "run Linux 6.8 or later");
        yield return best.CanWriteProtect
            ? new Finding("uffd_write_protect", Group, "write protection", FindingState.Ok,
                best.CanWriteProtectAsync ? "offered, also without a handler" : "offered", "writes can be tracked by page")
            : new Finding("uffd_write_protect", Group, "write protection", FindingState.Limited, "not offered", "writes cannot be tracked by page", "run Linux 5.7 or later");
    }
}
