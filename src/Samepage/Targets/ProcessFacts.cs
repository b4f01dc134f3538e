using Samepage.Linux.Proc;

namespace Samepage.Targets;

/// <summary>What rules can be about: who a process is, as it shows itself in /proc.</summary>
/// <param name="Process">The process.</param>
/// <param name="Arguments">Its command line; empty where it has none or it may not be read.</param>
/// <param name="UserId">Its effective user.</param>
/// <param name="ControlGroups">Its control groups, one path for each hierarchy.</param>
public sealed record ProcessFacts(
    TargetProcess Process, IReadOnlyList<string> Arguments, uint UserId, IReadOnlyList<string> ControlGroups)
{
    private static readonly string[] s_unitSuffixes = [".service", ".scope", ".slice", ".socket", ".mount", ".swap"];

    /// <summary>The arguments, joined by blanks.</summary>
    public string CommandLine => string.Join(' ', Arguments);

    /// <summary>The systemd units that it belongs to, the outermost first, by the names of its control groups.</summary>
    public IEnumerable<string> Units => ControlGroups.SelectMany(group => group.Split('/'))
        .Where(name => s_unitSuffixes.Any(suffix => name.Length > suffix.Length && name.EndsWith(suffix, StringComparison.Ordinal))).Distinct();

    /// <summary>The name of the guest that it runs, where it is a QEMU that was given one by <c>-name</c>; else null.</summary>
    public string? GuestName
    {
        get
        {
            if (Arguments.Count == 0 || Path.GetFileName(Arguments[0]) is not ({ } program and ("kvm" or "qemu-kvm" or ['q', 'e', 'm', 'u', '-', 's', 'y', 's', 't', 'e', 'm', '-', ..])))
            {
                return null;
            }

            var at = Enumerable.Range(1, Math.Max(0, Arguments.Count - 2)).LastOrDefault(index => Arguments[index] is "-name" or "--name");
            return at == 0 ? null : NameIn(Arguments[at + 1]);
        }
    }

    /// <summary>Reads what can be read; null where the process is gone, or another has its number.</summary>
    public static ProcessFacts? TryRead(ProcFs proc, TargetProcess process)
    {
        var arguments = (proc.TryRead(process.Pid, "cmdline") ?? "").TrimEnd('\0');
        var groups = (proc.TryRead(process.Pid, "cgroup") ?? "").Split('\n')
            .Select(line => line.Split(':', 3)).Where(parts => parts.Length == 3).Select(parts => parts[2]).Distinct().ToArray();
        return ProcessStatus.TryRead(proc, process.Pid) is { } status && process.IsSame(proc)
            ? new ProcessFacts(process, arguments.Length == 0 ? [] : arguments.Split('\0'), status.UserId, groups)
            : null;
    }

    /// <summary>Options of QEMU are parted by commas, and a comma doubled is one; the first may be the name without a key.</summary>
    private static string? NameIn(string value)
    {
        var parts = value.Replace(",,", "\0", StringComparison.Ordinal).Split(',').Select(part => part.Replace('\0', ',')).ToArray();
        var named = parts.LastOrDefault(part => part.StartsWith("guest=", StringComparison.Ordinal))?["guest=".Length..];
        return named ?? (parts[0].Contains('=') || parts[0].Length == 0 ? null : parts[0]);
    }
}
