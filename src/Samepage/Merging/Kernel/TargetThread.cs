using System.Globalization;
using Samepage.Linux.Proc;
using Samepage.Linux.Tracing;

namespace Samepage.Merging.Kernel;

/// <summary>One thread of a target, as /proc shows it before anything is done to it.</summary>
/// <param name="ThreadId">Its number.</param>
/// <param name="State">One letter: R, S, D, T, t, Z, X.</param>
/// <param name="SystemCall">The call it waits in; negative where it runs or that cannot be read.</param>
/// <param name="TracerPid">Who traces it; 0 for nobody.</param>
internal sealed record TargetThread(int ThreadId, char State, long SystemCall, int TracerPid)
{
    /// <summary>Threads looked at in a large process: more would cost time and improve nothing.</summary>
    private const int Limit = 64;

    /// <summary>Whether it has ended.</summary>
    public bool HasEnded => State is 'Z' or 'X';

    /// <summary>Whether it waits without heeding signals, and hence never stops.</summary>
    public bool IsUninterruptible => State == 'D';

    /// <summary>Whether it waits for a child that borrows its memory (vfork, or clone and clone3 in that manner).</summary>
    public bool IsInVfork => IsUninterruptible && RestartRules.MakesChild(SystemCall);

    /// <summary>Lower is better: first calls that the kernel restarts by itself, then repairable ones, then the rest.</summary>
    public int Rank => this switch
    {
        { State: 'R' } or { SystemCall: < 0 } => 3,
        _ when RestartRules.IsRestartedByKernel(SystemCall) => 0,
        _ when RestartRules.IsRepeatable(SystemCall) => 1,
        _ => 2,
    };

    /// <summary>The threads of a process that have not ended, best first; of many threads the first ones.</summary>
    public static List<TargetThread> Living(ProcFs proc, int pid)
    {
        var threads = new List<TargetThread>();
        foreach (var id in Numbers($"{proc.Root}/{pid}/task"))
        {
            if (threads.Count < Limit && TryRead(proc, pid, id) is { HasEnded: false } thread)
            {
                threads.Add(thread);
            }
        }

        return [.. threads.OrderBy(thread => thread.Rank)];
    }

    private static TargetThread? TryRead(ProcFs proc, int pid, int id)
    {
        if (proc.TryRead(pid, $"task/{id}/stat") is not { } stat || proc.TryRead(pid, $"task/{id}/status") is not { } status)
        {
            return null;
        }

        var call = (proc.TryRead(pid, $"task/{id}/syscall") ?? "").Split(' ')[0];
        return new TargetThread(
            id,
            ProcessStat.Parse(stat).State,
            long.TryParse(call, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : -1,
            ProcessStatus.Parse(status).TracerPid);
    }

    private static List<int> Numbers(string directory)
    {
        var numbers = new List<int>();
        try
        {
            foreach (var path in Directory.EnumerateDirectories(directory))
            {
                if (int.TryParse(Path.GetFileName(path.AsSpan()), out var number))
                {
                    numbers.Add(number);
                }
            }
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            // The process ended between two looks; what was found by then is looked at, and found to have ended.
        }

        numbers.Sort();
        return numbers;
    }
}
