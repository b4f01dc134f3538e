using System.Globalization;
using Samepage.Linux;

namespace Samepage.Bench.Measuring;

/// <summary>
/// CPU time in seconds from <c>schedstat</c>, which counts nanoseconds where <c>stat</c> counts hundredths of a second.
/// A thread or process that has gone counts as 0.
/// </summary>
internal static class CpuTime
{
    /// <summary>The name that the gate gives its engine's thread.</summary>
    public const string EngineThreadName = "samepage";

    /// <summary>One thread.</summary>
    public static double OfThread(int pid, int thread) =>
        KernelFile.TryReadText($"/proc/{pid}/task/{thread}/schedstat") is { } text
            ? long.Parse(text.AsSpan(0, text.IndexOf(' ')), CultureInfo.InvariantCulture) * 1e-9
            : 0;

    /// <summary>All threads that a process has now. Those that have ended are not in it: use where threads live on.</summary>
    public static double OfProcess(int pid) => Threads(pid).Sum(thread => OfThread(pid, thread));

    /// <summary>Children that have ended and were waited for, to the hundredth.</summary>
    public static double OfReapedChildren(int pid)
    {
        var text = KernelFile.TryReadText($"/proc/{pid}/stat") ?? "";
        var fields = text[(text.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        // Fields 16 and 17 of proc_pid_stat(5), of which two lie before the bracket.
        return fields.Length < 15
            ? 0
            : (long.Parse(fields[13], CultureInfo.InvariantCulture) + long.Parse(fields[14], CultureInfo.InvariantCulture)) / 100.0;
    }

    /// <summary>The engine's thread in a member, or null where it has none.</summary>
    public static int? EngineThread(int pid)
    {
        foreach (var thread in Threads(pid))
        {
            if (KernelFile.TryReadText($"/proc/{pid}/task/{thread}/comm")?.Trim() == EngineThreadName)
            {
                return thread;
            }
        }

        return null;
    }

    private static IEnumerable<int> Threads(int pid)
    {
        try
        {
            return [.. Directory.EnumerateDirectories($"/proc/{pid}/task")
                .Select(path => int.Parse(Path.GetFileName(path.AsSpan()), CultureInfo.InvariantCulture))];
        }
        catch (IOException)
        {
            return [];
        }
    }
}
