namespace Samepage.Doctoring;

/// <summary>What opting in a running process depends on.</summary>
internal static class InjectionChecks
{
    private const string Group = "Opting in running processes";

    public static IEnumerable<Finding> Look(HostView host)
    {
        Finding Say(FindingState state, string found, string meaning, string? remedy = null) =>
            new("ptrace", Group, "ptrace", state, found, meaning, remedy);
        var scope = host.ProcNumber("sys/kernel/yama/ptrace_scope");
        var text = scope is null ? "no Yama restriction" : $"yama ptrace_scope={scope}";
        yield return (scope, host.Has(Capability.SysPtrace)) switch
        {
            ( >= 3, _) => Say(FindingState.Missing, text, "no process may attach to another until the next boot, so 'enable' and 'disable' cannot work",
                "start programs with 'samepage run', or boot with kernel.yama.ptrace_scope below 3"),
            (_, true) => Say(FindingState.Ok, $"{text}; CAP_SYS_PTRACE held", "'enable' and 'disable' reach running processes of every user"),
            (2, false) => Say(FindingState.Missing, text, "attaching needs CAP_SYS_PTRACE", "run as root, or start programs with 'samepage run'"),
            (1, false) => Say(FindingState.Limited, text, "only your own descendants can be attached to", "run as root, or start programs with 'samepage run'"),
            _ => Say(FindingState.Limited, $"{text}; CAP_SYS_PTRACE not held", "'enable' and 'disable' reach your own processes only", "run as root for those of others"),
        };
    }
}
