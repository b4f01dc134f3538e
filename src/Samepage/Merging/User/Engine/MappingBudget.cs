using System.Globalization;
using Samepage.Linux;

namespace Samepage.Merging.User.Engine;

/// <summary>
/// How many mappings merging may add. The kernel gives a process vm.max_map_count in all, each run of merged pages
/// takes one and usually splits another: as the budget fills, only long runs are worth one. One thread: the engine's.
/// </summary>
internal sealed unsafe class MappingBudget
{
    private const long DefaultLimit = 65530;
    private readonly long _kernelLimit;
    private long _runs;

    /// <summary>Reads the kernel's limit.</summary>
    public MappingBudget()
    {
        _kernelLimit = KernelFile.TryReadText("/proc/sys/vm/max_map_count") is { } text
            && long.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var limit)
            ? limit
            : DefaultLimit;
        Limit = _kernelLimit / 2;
    }

    /// <summary>Mappings that may be added: two for each run. 0 in the program's limits means half of the kernel's.</summary>
    public long Limit { get; private set; }

    /// <summary>Mappings added now.</summary>
    public long Used => 2 * _runs;

    /// <summary>Whether runs were left out for want of mappings, since the last pass.</summary>
    public bool IsShort { get; private set; }

    /// <summary>Takes over the program's limit.</summary>
    public void SetLimit(ulong limit) => Limit = limit == 0 ? _kernelLimit / 2 : (long)Math.Min(limit, (ulong)_kernelLimit);

    /// <summary>Counts runs that came or went.</summary>
    public void Note(int runs) => _runs += runs;

    /// <summary>The kernel has refused a mapping: there is room for fewer than thought.</summary>
    public void NoteRefusal()
    {
        Limit = Math.Min(Limit, Used);
        IsShort = true;
    }

    /// <summary>A new pass begins.</summary>
    public void Forget() => IsShort = false;

    /// <summary>Takes runs out of a plan that are shorter than what a mapping is worth now.</summary>
    public void Trim(WindowPlan plan)
    {
        var shortest = ShortestRun();
        if (shortest <= 1)
        {
            return;
        }

        for (var page = plan.First; page < plan.End; page++)
        {
            if (plan.Stable[page] is null || plan.Place[page] == 0)
            {
                continue;
            }

            var end = page + 1;
            while (end < plan.End && plan.Stable[end] is not null && plan.IsContinued(end - 1))
            {
                end++;
            }

            for (var i = page; i < end && end - page < shortest; i++)
            {
                plan.Remove(i);
                IsShort = true;
            }

            page = end - 1;
        }
    }

    private int ShortestRun()
    {
        var free = Limit - Used;
        return free <= 2 ? MemberRegion.ChunkPages + 1
            : free < Limit / 32 ? 64
            : free < Limit / 16 ? 16
            : free < Limit / 8 ? 4
            : free < Limit / 4 ? 2
            : 1;
    }
}
