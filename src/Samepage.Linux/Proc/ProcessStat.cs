using System.Globalization;

namespace Samepage.Linux.Proc;

/// <summary>What Samepage takes from <c>/proc/PID/stat</c> (proc_pid_stat(5)).</summary>
/// <param name="Pid">Process number.</param>
/// <param name="Name">The command name, at most 15 bytes, as the kernel has it.</param>
/// <param name="State">One letter: R, S, D, Z, T, t, X, I.</param>
/// <param name="ParentPid">The parent's number.</param>
/// <param name="IsKernelThread">PF_KTHREAD is set.</param>
/// <param name="UserTicks">CPU time in user mode, in clock ticks of 1/100 s.</param>
/// <param name="SystemTicks">CPU time in the kernel, in clock ticks of 1/100 s.</param>
/// <param name="StartTicks">When it started, in clock ticks since boot; with <paramref name="Pid"/> it names a process for ever.</param>
public sealed record ProcessStat(
    int Pid, string Name, char State, int ParentPid, bool IsKernelThread, long UserTicks, long SystemTicks, long StartTicks)
{
    private const long KernelThreadFlag = 0x0020_0000;

    /// <summary>CPU time in seconds, user and kernel.</summary>
    public double CpuSeconds => (UserTicks + SystemTicks) / 100.0;

    /// <summary>Reads one line of the file. The name may hold blanks and brackets, so the last bracket ends it.</summary>
    /// <exception cref="FormatException">The text is not a stat line.</exception>
    public static ProcessStat Parse(string text)
    {
        var open = text.IndexOf('(');
        var close = text.LastIndexOf(')');
        if (open < 1 || close < open || !int.TryParse(text.AsSpan(0, open).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var pid))
        {
            throw new FormatException("not a /proc/PID/stat line");
        }

        var fields = text[(close + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length < 20)
        {
            throw new FormatException("a /proc/PID/stat line with too few fields");
        }

        return new ProcessStat(
            pid,
            text[(open + 1)..close],
            fields[0][0],
            ParentNumber(fields[1]),
            (Number(fields[6]) & KernelThreadFlag) != 0,
            Number(fields[11]),
            Number(fields[12]),
            Number(fields[19]));
    }

    /// <summary>Reads the file of a process, or null where it is gone.</summary>
    public static ProcessStat? TryRead(ProcFs proc, int pid) =>
        proc.TryRead(pid, "stat") is { } text ? Parse(text) : null;

    /// <summary>
    /// Whether the process has ended as a whole. Its state is that of its first thread, which may end before the others.
    /// </summary>
    public bool HasEnded(ProcFs proc)
    {
        if (State is not ('Z' or 'X'))
        {
            return false;
        }

        try
        {
            return !Directory.EnumerateDirectories(proc.PathOf(Pid, "task")).Any(
                thread => KernelFile.TryReadText($"{thread}/stat") is { } text && Parse(text).State is not ('Z' or 'X'));
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }

    /// <summary>The fields taken here are unsigned; one beyond 63 bits does not occur in a living system.</summary>
    private static long Number(string field) =>
        long.TryParse(field, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new FormatException($"'{field}' is not a number of a /proc/PID/stat line");

    private static int ParentNumber(string field) => Number(field) is var number and <= int.MaxValue
        ? (int)number
        : throw new FormatException($"'{field}' is not a process number");
}
