using System.Globalization;

namespace Samepage.Linux.Proc;

/// <summary>What the processors of the host did since boot: the first lines of <c>/proc/stat</c>.</summary>
/// <param name="BusyNanoseconds">Time spent on anything, of all processors together, in steps of 10 ms; waiting for I/O is idle.</param>
/// <param name="Processors">How many are online.</param>
public readonly record struct CpuTimes(long BusyNanoseconds, int Processors)
{
    /// <summary>The kernel counts in ticks of a hundredth of a second, whatever its own tick is.</summary>
    private const long NanosecondsPerTick = 10_000_000;

    /// <summary>user, nice, system, idle, iowait, irq, softirq, steal; time of guests is in the first two already.</summary>
    private const int Columns = 8, Idle = 3, Wait = 4;

    /// <summary>Reads the file's text; null where it is not of this kind.</summary>
    public static CpuTimes? Parse(string text)
    {
        long? busy = null;
        var processors = 0;
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            if (!line.StartsWith("cpu", StringComparison.Ordinal))
            {
                break;
            }

            if (busy is null)
            {
                busy = Busy(line);
            }
            else
            {
                processors++;
            }
        }

        return busy is { } ticks && processors > 0 ? new CpuTimes(ticks * NanosecondsPerTick, processors) : null;
    }

    /// <summary>Reads the host's file; null where it cannot be read.</summary>
    public static CpuTimes? TryRead(ProcFs proc) => KernelFile.TryReadText($"{proc.Root}/stat") is { } text ? Parse(text) : null;

    private static long? Busy(ReadOnlySpan<char> line)
    {
        var (column, sum) = (-1, 0L);
        foreach (var word in line.Split(' '))
        {
            if (line[word].IsEmpty || ++column == 0)
            {
                continue;
            }

            if (column > Columns || !long.TryParse(line[word], NumberStyles.None, CultureInfo.InvariantCulture, out var ticks))
            {
                break;
            }

            sum += column - 1 is Idle or Wait ? 0 : ticks;
        }

        return column > Idle ? sum : null;
    }
}
