namespace Samepage.Policies;

/// <summary>
/// What sections and keys of a policy mean, in a sentence each: the one part of the reference that the reader of policies
/// cannot tell by itself. A test fails for a key without.
/// </summary>
internal static class PolicyMeanings
{
    private const string Floor = "Coverage (headroom divided by exposure) below which cold pages of low-priority processes are pushed out, and nobody is admitted.";
    private const string Warning = "Coverage below which merging stops growing, a warning is given, and swap is provided where that is allowed. At least the floor.";

    private static readonly Dictionary<string, string> s_sections = new()
    {
        ["[[rule]]"] = "Which processes are treated how. Of the rules that match a process the last one decides, alone. In a later file, a rule of a known name takes the place of the earlier one.",
        ["match"] = "The conditions of a rule. All that are given must hold, and there must be one.",
        ["[governor]"] = "How much scanning may cost.",
        ["[guard]"] = "How the host is kept from running out of memory when merged pages break.",
        ["[guard.swap]"] = "What swap may be made ready before it is needed. A later file replaces it as a whole.",
        ["[[guard.cgroup]]"] = "Floors for a control group with a limit of memory, and for those below it that are not named themselves. What is left out is as for the host.",
        ["[history]"] = "What the daemon remembers.",
        ["[server]"] = "Where the daemon shows what it does.",
    };

    private static readonly Dictionary<(string Section, string Key), string> s_keys = new()
    {
        [("[[rule]]", "name")] = "What logs, check-config and later files call the rule.",
        [("[[rule]]", "engine")] = "kernel: the process is opted in to the kernel's merging. user: it is merged by Samepage's own engine where it was launched so. off: it is left alone, and switched off where Samepage switched it on.",
        [("[[rule]]", "domain")] = "With engine = \"user\" only: the trust domain that the process merges in.",
        [("[[rule]]", "priority")] = "Where memory must be had, cold pages of low priority are pushed out; normal and high are treated alike.",
        [("[[rule]]", "delay")] = "How old a process must be before it is opted in; not with engine = \"off\".",
        [("match", "comm")] = "Matches somewhere in the command name (15 bytes at most, as ps -o comm has it).",
        [("match", "command_line")] = "Matches somewhere in the arguments, joined by blanks.",
        [("match", "user")] = "The effective user.",
        [("match", "cgroup")] = "The process is in this control group or below it, as /proc/PID/cgroup has it.",
        [("match", "unit")] = "One of its control groups bears the name of this systemd unit.",
        [("match", "guest")] = "It is a QEMU, and this matches somewhere in the guest's name (-name).",
        [("[governor]", "cpu_budget_percent")] = "CPU time of ksmd and the daemon together, in percent of one core.",
        [("[governor]", "cpu_budget_over")] = "The time over which the budget is averaged.",
        [("[governor]", "cpu_gentle_percent")] = "The pace of scanning, in percent of one core, while programs keep a fifth of the processors busy and memory is not short: what programs feel of ksmd is how much it merges in a second.",
        [("[governor]", "use_zero_pages")] = "Whether ksmd maps the kernel's own zero page in place of pages of zeros, which costs it less than merging them (Linux 6.6). With false it is left as it was found.",
        [("[guard]", "coverage_floor")] = Floor,
        [("[guard]", "coverage_warning")] = Warning,
        [("[guard]", "warning_command")] = "Executed at a warning: the full path of a program and its arguments, without a shell.",
        [("[guard.swap]", "provision")] = "What is made ready: nothing, swap files, or compressed memory.",
        [("[guard.swap]", "directory")] = "With provision = \"file\": where swap files lie.",
        [("[guard.swap]", "size_max")] = "No more than this altogether; goes with \"file\" and \"zram\" only.",
        [("[[guard.cgroup]]", "path")] = "The control group, as /proc/PID/cgroup has it.",
        [("[[guard.cgroup]]", "coverage_floor")] = Floor,
        [("[[guard.cgroup]]", "coverage_warning")] = Warning,
        [("[history]", "enabled")] = "Whether a history is kept.",
        [("[history]", "path")] = "The full path of its file; without, history.db in the daemon's state directory.",
        [("[history]", "days")] = "How long quarters of an hour are kept; what is finer goes sooner.",
        [("[history]", "size_max")] = "The file grows no larger: the oldest goes first. 4M at least.",
        [("[server]", "listen")] = "Where HTTP listens: an address and a port, such as \"[::1]:7373\", or \"off\".",
        [("[server]", "hosts")] = "Names under which HTTP may be asked, for a reverse proxy or for listen on more than the loopback: accepted in Host and as the host of an Origin, with any port. Addresses and localhost are accepted without.",
    };

    /// <summary>What a section is about; null where nobody has said.</summary>
    public static string? OfSection(string title) => s_sections.GetValueOrDefault(title);

    /// <summary>What a key means; null where nobody has said.</summary>
    public static string? Of(string section, string key) => s_keys.GetValueOrDefault((section, key));
}
