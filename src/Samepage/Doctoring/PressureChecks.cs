namespace Samepage.Doctoring;

/// <summary>What tells that memory runs short, and for whom.</summary>
internal static class PressureChecks
{
    private const string Group = "Pressure and groups";

    public static IEnumerable<Finding> Look(HostView host)
    {
        yield return host.Proc("pressure/memory") is { Length: > 0 }
            ? new Finding("psi", Group, "pressure (PSI)", FindingState.Ok, "/proc/pressure/memory is there", "stalls for lack of memory are seen before the OOM killer acts")
            : new Finding("psi", Group, "pressure (PSI)", FindingState.Limited, "not offered", "shortage shows only in free memory and swap", "boot with psi=1 on a kernel with CONFIG_PSI=y");
        yield return Groups(host);
    }

    private static Finding Groups(HostView host)
    {
        Finding Say(FindingState state, string found, string meaning, string? remedy = null) =>
            new("cgroup", Group, "control groups", state, found, meaning, remedy);
        var mounts = (host.Proc("self/mounts") ?? "").Split('\n').Select(line => line.Split(' ')).Where(fields => fields.Length >= 4).ToList();
        var unified = mounts.FirstOrDefault(fields => fields[2] == "cgroup2")?[1];
        var hasOldMemory = mounts.Any(fields => fields[2] == "cgroup" && fields[3].Split(',').Contains("memory"));
        // A made-up host has its /sys elsewhere.
        var controllers = unified?.StartsWith("/sys/", StringComparison.Ordinal) == true ? host.Sys($"{unified["/sys/".Length..]}/cgroup.controllers") : null;
        return (unified, (controllers ?? "").Split(' ').Contains("memory"), hasOldMemory) switch
        {
            (not null, true, _) => Say(FindingState.Ok, "version 2, with the memory controller", "groups can be chosen as targets and limited"),
            (not null, false, true) => Say(FindingState.Limited, "hybrid: memory controller in version 1", "groups can be chosen as targets; pressure by group is not told",
                "boot with systemd.unified_cgroup_hierarchy=1"),
            (null, _, true) => Say(FindingState.Limited, "version 1, with the memory controller", "groups can be chosen as targets; pressure by group is not told",
                "boot with systemd.unified_cgroup_hierarchy=1"),
            (not null, false, false) => Say(FindingState.Limited, "version 2, without the memory controller", "groups can be chosen as targets, not limited",
                "boot without cgroup_disable=memory"),
            _ => Say(FindingState.Limited, "none mounted", "--cgroup finds nothing", "mount -t cgroup2 none /sys/fs/cgroup"),
        };
    }
}
