using System.Globalization;
using Samepage.Linux.Proc;

namespace Samepage.Governing;

/// <summary>
/// Counts the processes that opted in, and their memory, often and cheaply: a process that was just seen for the first
/// time is asked at every look for half a minute, one that long stayed out only at every eighth. Not thread-safe.
/// </summary>
/// <param name="proc">The process file system.</param>
public sealed class EligibleSurvey(ProcFs proc)
{
    private const int YoungLooks = 15;
    private const int SeldomEvery = 8;
    private readonly Dictionary<int, Known> _known = [];
    private int _look;

    /// <summary>Looks at all processes: how many opted in, and how much private memory they have.</summary>
    public (int Processes, long Bytes) Look()
    {
        _look++;
        var (processes, bytes) = (0, 0L);
        foreach (var pid in proc.ListProcesses())
        {
            var known = _known.GetValueOrDefault(pid) ?? (_known[pid] = new Known(_look));
            known.SeenAt = _look;
            if (known.IsOptedIn || _look - known.FirstAt < YoungLooks || (pid + _look) % SeldomEvery == 0)
            {
                known.IsOptedIn = KsmStat.TryRead(proc, pid) is { MergeAny: true } or { Mergeable: true } or { RmapItems: > 0 };
            }

            if (known.IsOptedIn)
            {
                processes++;
                bytes += PrivateBytes(pid);
            }
        }

        Forget();
        return (processes, bytes);
    }

    /// <summary>Resident less shared pages of statm: near enough, and a tenth of the price of smaps.</summary>
    private long PrivateBytes(int pid) =>
        proc.TryRead(pid, "statm")?.Split(' ') is [_, var resident, var shared, ..]
        && long.TryParse(resident, NumberStyles.None, CultureInfo.InvariantCulture, out var all)
        && long.TryParse(shared, NumberStyles.None, CultureInfo.InvariantCulture, out var files)
            ? Math.Max(0, all - files) * HostSample.PageSize
            : 0;

    private void Forget()
    {
        foreach (var gone in _known.Where(pair => pair.Value.SeenAt != _look).Select(pair => pair.Key).ToList())
        {
            _known.Remove(gone);
        }
    }

    private sealed class Known(int firstAt)
    {
        public int FirstAt { get; } = firstAt;

        public int SeenAt { get; set; }

        public bool IsOptedIn { get; set; }
    }
}
