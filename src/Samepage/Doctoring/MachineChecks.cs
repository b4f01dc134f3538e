namespace Samepage.Doctoring;

/// <summary>Privileges of this caller, and the processor.</summary>
internal static class MachineChecks
{
    private const string Group = "Caller and processor";

    private static readonly (Capability Capability, string Name)[] s_capabilities =
    [
        (Capability.SysPtrace, "CAP_SYS_PTRACE"), (Capability.SysAdmin, "CAP_SYS_ADMIN"),
        (Capability.SysNice, "CAP_SYS_NICE"),
    ];

    public static IEnumerable<Finding> Look(HostView host)
    {
        var lacking = s_capabilities.Where(entry => !host.Has(entry.Capability)).Select(entry => entry.Name).ToArray();
        yield return lacking.Length == 0
            ? new Finding("privileges", Group, "privileges", FindingState.Ok, "all that is used", "every verb works")
            : new Finding("privileges", Group, "privileges", FindingState.Limited, $"without {string.Join(", ", lacking)}",
                "you see and change your own processes; ksmd and those of others are out of reach", "run as root");
        yield return Processor(host);
    }

    private static Finding Processor(HostView host)
    {
        var line = (host.Proc("cpuinfo") ?? "").Split('\n').FirstOrDefault(line => line.StartsWith("flags", StringComparison.Ordinal));
        var flags = (line?[(line.IndexOf(':') + 1)..] ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries).ToHashSet();
        if (!flags.Contains("lm"))
        {
            return new Finding("cpu", Group, "processor", FindingState.Limited, "not x86-64, or its abilities are not told",
                "opting in running processes is written for x86-64");
        }

        var wide = flags.Contains("avx512f") && flags.Contains("avx512bw") && flags.Contains("avx512vl");
        var found = string.Join(", ", new[] { wide ? "AVX-512" : null, flags.Contains("avx2") ? "AVX2" : null, flags.Contains("vpclmulqdq") ? "VPCLMULQDQ" : null }
            .OfType<string>().DefaultIfEmpty("x86-64 without AVX2"));
        return new Finding("cpu", Group, "processor", flags.Contains("avx2") ? FindingState.Ok : FindingState.Limited, found,
            wide ? "fingerprints at full speed" : "fingerprints cost about twice what they cost with AVX-512");
    }
}
