using System.Globalization;

namespace Samepage.Doctoring;

/// <summary>How the host lays out memory, and what it can supply when merged pages break.</summary>
internal static class MemoryChecks
{
    private const string Group = "Memory of the host";

    public static IEnumerable<Finding> Look(HostView host)
    {
        yield return HugePages(host);
        yield return Swap(host);
        yield return Zram(host);
        yield return Overcommit(host);
        yield return MapCount(host);
    }

    private static Finding HugePages(HostView host)
    {
        var mode = HostView.Chosen(host.Sys("kernel/mm/transparent_hugepage/enabled"));
        return mode switch
        {
            null or "never" => new Finding("thp", Group, "huge pages", FindingState.Ok, mode is null ? "not in this kernel" : "never",
                "all memory is in small pages: any page can merge alone"),
            "madvise" => new Finding("thp", Group, "huge pages", FindingState.Ok, "where a program asks (madvise)",
                "merging splits the huge pages of those programs, QEMU among them"),
            _ => new Finding("thp", Group, "huge pages", FindingState.Limited, mode,
                "merging splits huge pages, which costs their speed; 'estimate' says how many"),
        };
    }

    private static Finding Swap(HostView host)
    {
        var areas = (host.Proc("swaps") ?? "").Split('\n').Skip(1)
            .Select(line => line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries))
            .Where(fields => fields.Length >= 3).ToList();
        var kilobytes = areas.Sum(fields => long.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out var size) ? size : 0);
        return areas.Count > 0
            ? new Finding("swap", Group, "swap", FindingState.Ok,
                FormattableString.Invariant($"{kilobytes / 1048576.0:0.0} GiB on {string.Join(", ", areas.Select(fields => fields[0]))}"),
                "there is room for merged pages that break all at once")
            : new Finding("swap", Group, "swap", FindingState.Limited, "none",
                "merged pages that break all at once must find free memory, or the OOM killer ends a program",
                "add some before you overcommit: a swap file, or zram");
    }

    private static Finding Zram(HostView host)
    {
        var devices = Directory.Exists($"{host.SysRoot}/block")
            ? Directory.EnumerateFileSystemEntries($"{host.SysRoot}/block", "zram*").Select(Path.GetFileName).Order().ToArray()
            : [];
        if (devices.Length == 0 && !Directory.Exists($"{host.SysRoot}/class/zram-control"))
        {
            return new Finding("zram", Group, "zram", FindingState.Limited, "no device", "swap in compressed memory is not at hand", "modprobe zram");
        }

        var inUse = (host.Proc("swaps") ?? "").Contains("/dev/zram", StringComparison.Ordinal);
        var list = devices.Length == 0 ? "can be added" : string.Join(", ", devices);
        return new Finding("zram", Group, "zram", FindingState.Ok, inUse ? $"{list}; in use as swap" : $"{list}; not in use as swap",
            inUse ? "pages that break can be kept compressed" : "compressed swap can be set up without a disk");
    }

    private static Finding Overcommit(HostView host) => host.ProcNumber("sys/vm/overcommit_memory") switch
    {
        2 => new Finding("overcommit", Group, "overcommit", FindingState.Limited, "strict (overcommit_memory=2)",
            "merging frees frames, but the commit limit still counts every mapping: more guests may be refused all the same",
            "sysctl vm.overcommit_memory=0"),
        1 => new Finding("overcommit", Group, "overcommit", FindingState.Ok, "always (overcommit_memory=1)", "mappings are never refused: watch coverage yourself"),
        0 => new Finding("overcommit", Group, "overcommit", FindingState.Ok, "heuristic (overcommit_memory=0)", "mappings that obviously cannot fit are refused"),
        _ => new Finding("overcommit", Group, "overcommit", FindingState.Limited, "not readable", "the mode of overcommitment is not known"),
    };

    private static Finding MapCount(HostView host) => host.ProcNumber("sys/vm/max_map_count") switch
    {
        null => new Finding("max_map_count", Group, "max_map_count", FindingState.Limited, "not readable", "the budget of mappings is not known"),
        < 65530 and var few => new Finding("max_map_count", Group, "max_map_count", FindingState.Limited, $"{few} mappings a process",
            "the user engine, which splits mappings, must merge in longer runs only", "sysctl vm.max_map_count=1048576"),
        var many => new Finding("max_map_count", Group, "max_map_count", FindingState.Ok, $"{many} mappings a process",
            "KSM needs none; the user engine keeps within it"),
    };
}
