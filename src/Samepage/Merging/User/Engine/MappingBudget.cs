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

    /// <summary>After a refusal the program may have given mappings back, but to ask all the time would split its memory in vain.</summary>
    private const int RefusalMilliseconds = 10_000;
    private readonly long _kernelLimit;
    private readonly int[] _runsOfLength = new int[MemberRegion.ChunkPages + 1];
    private long _allowed;
    private long _refusedAt;

    /// <summary>Reads the kernel's limit.</summary>
    public MappingBudget()
    {
        _kernelLimit = KernelFile.TryReadText("/proc/sys/vm/max_map_count") is { } text
            && long.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var limit)
            ? limit
            : DefaultLimit;
        _allowed = Limit = _kernelLimit / 2;
    }

    /// <summary>Mappings that may be added. 0 in the program's limits means half of the kernel's.</summary>
    public long Limit { get; private set; }

    /// <summary>Mappings added now.</summary>
    public long Used { get; private set; }

    /// <summary>Pages that a run must have now to be worth a mapping.</summary>
    public int RunPagesMin => (Limit - Used) switch
    {
        var free when free < Limit / 32 => 64,
        var free when free < Limit / 16 => 16,
        var free when free < Limit / 8 => 4,
        var free when free < Limit / 4 => 2,
        _ => 1,
    };

    /// <summary>Whether runs were left out for want of mappings, since the last pass.</summary>
    public bool IsShort { get; private set; }

    /// <summary>Takes over the program's limit.</summary>
    public void SetLimit(ulong limit) =>
        _allowed = Limit = limit == 0 ? _kernelLimit / 2 : (long)Math.Min(limit, (ulong)_kernelLimit);

    /// <summary>Counts mappings that came or went.</summary>
    public void Note(int mappings) => Used += mappings;

    /// <summary>The kernel has refused a mapping: there is room for fewer than thought.</summary>
    public void NoteRefusal()
    {
        Limit = Math.Min(Limit, Used);
        _refusedAt = LookSchedule.Now;
        IsShort = true;
    }

    /// <summary>A new pass begins.</summary>
    public void Forget()
    {
        IsShort = false;
        Limit = Limit < _allowed && LookSchedule.Now - _refusedAt >= RefusalMilliseconds ? _allowed : Limit;
    }

    /// <summary>
    /// Takes runs out of a plan that are shorter than what a mapping is worth now, and the shortest of the rest until
    /// what is left of the budget suffices.
    /// </summary>
    public void Trim(WindowPlan plan)
    {
        var free = Math.Max(0, (Limit - Used) / 2);
        _runsOfLength.AsSpan().Clear();
        var runs = 0;
        for (var page = plan.First; page < plan.End; page++)
        {
            if (RunAt(plan, page) is var length && length > 0)
            {
                _runsOfLength[length]++;
                runs++;
                page += length - 1;
            }
        }

        var shortest = RunPagesMin;
        for (var length = 1; length < shortest || runs > free; length++)
        {
            runs -= _runsOfLength[length];
            shortest = Math.Max(shortest, length + 1);
            if (length == MemberRegion.ChunkPages)
            {
                break;
            }
        }

        RemoveShorter(plan, shortest);
    }

    /// <summary>
    /// Of runs that are yet to be written into a segment, the length down to which they will find mappings, and how many of
    /// that very length will. Single pages are mapped as long as a quarter of the budget is left.
    /// </summary>
    /// <param name="runsOfLength">How many there are of each length; the last counts longer ones too.</param>
    public (int Shortest, long Allowed) Affordable(ReadOnlySpan<int> runsOfLength)
    {
        var free = Math.Max(0, Limit - Used);
        var room = Math.Max(free - (Limit / 4), free / 4) / 2;
        for (var length = runsOfLength.Length - 1; length > RunPagesMin; length--)
        {
            if (runsOfLength[length] > room)
            {
                return (length, room);
            }

            room -= runsOfLength[length];
        }

        return (RunPagesMin, room);
    }

    private void RemoveShorter(WindowPlan plan, int shortest)
    {
        for (var page = plan.First; page < plan.End && shortest > 1; page++)
        {
            var length = RunAt(plan, page);
            for (var i = 0; i < length && length < shortest; i++)
            {
                plan.Remove(page + i);
                IsShort = true;
            }

            page += Math.Max(0, length - 1);
        }
    }

    /// <summary>Length of the run that begins with a page; 0 where none does.</summary>
    private static int RunAt(WindowPlan plan, int page)
    {
        if (plan.Stable[page] is null || plan.Place[page] == 0)
        {
            return 0;
        }

        var end = page + 1;
        while (end < plan.End && plan.Stable[end] is not null && plan.IsContinued(end - 1))
        {
            end++;
        }

        return end - page;
    }
}
