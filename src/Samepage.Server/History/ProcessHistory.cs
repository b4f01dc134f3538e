using Samepage.Governing;
using Samepage.Linux.Proc;
using Samepage.Targets;

namespace Samepage.Server.History;

/// <summary>Who the processes are that hold merged pages. It remembers those of the last look. Not thread-safe.</summary>
/// <param name="proc">The process file system.</param>
/// <param name="look">Those that save most.</param>
public sealed class ProcessHistory(ProcFs proc, Func<IReadOnlyList<ProcessMerging>> look)
{
    private Dictionary<int, ProcessIdentity> _known = [];
    private string? _boot;

    /// <summary>Looks at them.</summary>
    public IReadOnlyList<ProcessSample> Look()
    {
        _boot ??= Linux.KernelFile.TryReadText($"{proc.Root}/sys/kernel/random/boot_id")?.Trim() ?? "";
        var (samples, known) = (new List<ProcessSample>(), new Dictionary<int, ProcessIdentity>());
        foreach (var process in look().Take(HistoryOptions.ProcessesMax))
        {
            if (Identify(process) is { } identity)
            {
                known[process.Pid] = identity;
                samples.Add(new ProcessSample(identity, process.MergedPages + process.ZeroPages, process.TrackedPages));
            }
        }

        _known = known;
        return samples;
    }

    /// <summary>Null where it has gone since the look.</summary>
    private ProcessIdentity? Identify(ProcessMerging process)
    {
        if (ProcessStat.TryRead(proc, process.Pid) is not { } stat)
        {
            return null;
        }

        if (_known.GetValueOrDefault(process.Pid) is { } known && known.StartTicks == stat.StartTicks)
        {
            return known with { Name = Printable(stat.Name) };
        }

        var guest = ProcessFacts.TryRead(proc, new TargetProcess(process.Pid, stat.StartTicks, stat.Name))?.GuestName;
        return new ProcessIdentity(process.Pid, stat.StartTicks, _boot!, Printable(stat.Name), guest is null ? null : Printable(guest));
    }

    /// <summary>Names may hold anything, and be long; what is kept is neither.</summary>
    private static string Printable(string name)
    {
        const int Most = 128;
        var cut = name.Length <= Most ? name : name[..Most];
        return cut.Any(char.IsControl) || cut.Any(char.IsSurrogate) ? string.Concat(cut.Select(letter => char.IsControl(letter) || char.IsSurrogate(letter) ? '?' : letter)) : cut;
    }
}
