using System.Globalization;
using Samepage.Guarding;
using Samepage.Linux;
using Samepage.Linux.Proc;

namespace Samepage.Scenarios.Limits;

/// <summary>
/// A control group by which memory is limited, of version 1 or 2; its name carries the number of the process that made
/// it. Removed when it is disposed of; what a process that was killed has left is removed by <see cref="RemoveLeftBehind"/>.
/// </summary>
public sealed class MemoryGroup : IDisposable
{
    private const string DefaultRoot = "/sys/fs/cgroup";
    private static readonly TimeSpan s_emptyPatience = TimeSpan.FromSeconds(20);

    private readonly ControlGroup _group;
    private long _peakSeen, _swapPeakSeen;

    /// <summary>Makes it, without a limit.</summary>
    /// <param name="purpose">What it is for; a part of its name.</param>
    /// <param name="root">Where the hierarchies are mounted.</param>
    /// <exception cref="ScenarioException">Memory is not limited by control groups here.</exception>
    public MemoryGroup(string purpose, string root = DefaultRoot)
    {
        var (hierarchy, lack) = Hierarchy(root);
        var directory = FormattableString.Invariant($"{hierarchy ?? throw new ScenarioException(lack!)}/{Prefix(purpose)}{Environment.ProcessId}");
        Directory.CreateDirectory(directory);
        _group = ControlGroup.Find(directory, root);
    }

    /// <summary>The group itself.</summary>
    public ControlGroup Group => _group;

    /// <summary>Its directory.</summary>
    public string Root => _group.Directory;

    /// <summary>Where processes put themselves in.</summary>
    public string Members => $"{_group.Directory}/cgroup.procs";

    /// <summary>What is charged to it.</summary>
    public long UsedBytes => Highest(ref _peakSeen, Number(_group.IsUnified ? "memory.current" : "memory.usage_in_bytes") ?? 0);

    /// <summary>File pages among that, which the kernel drops first.</summary>
    public long FileBytes
    {
        get
        {
            var (stat, prefix) = (Keyed("memory.stat"), _group.IsUnified ? "" : "total_");
            return (stat.Number($"{prefix}inactive_file") ?? 0) + (stat.Number($"{prefix}active_file") ?? 0);
        }
    }

    /// <summary>What of its processes lies in swap.</summary>
    public long SwapBytes => Highest(
        ref _swapPeakSeen, (_group.IsUnified ? Number("memory.swap.current") : Keyed("memory.stat").Number("total_swap")) ?? 0);

    /// <summary>The most that was ever charged to it; before Linux 5.19 on version 2 the most that was seen.</summary>
    public long PeakBytes => Math.Max(_peakSeen, Number(_group.IsUnified ? "memory.peak" : "memory.max_usage_in_bytes") ?? 0);

    /// <summary>The most that ever lay in swap, or that was seen to where the kernel keeps no count.</summary>
    public long SwapPeakBytes => Math.Max(_swapPeakSeen, (_group.IsUnified ? Number("memory.swap.peak") : null) ?? 0);

    /// <summary>How many processes the kernel has killed in it for want of memory.</summary>
    public long Kills => Keyed(_group.IsUnified ? "memory.events" : "memory.oom_control").Number("oom_kill") ?? 0;

    /// <summary>Why memory cannot be limited here, and what would mend it; null where it can.</summary>
    public static string? Lack(string root = DefaultRoot) => Hierarchy(root).Lack;

    /// <summary>Removes groups of a purpose whose makers are gone.</summary>
    /// <returns>How many.</returns>
    public static int RemoveLeftBehind(string purpose, string root = DefaultRoot)
    {
        var removed = 0;
        foreach (var directory in Hierarchy(root).Directory is { } parent ? Directory.GetDirectories(parent, Prefix(purpose) + "*") : [])
        {
            var maker = directory[(directory.LastIndexOf('-') + 1)..];
            if (int.TryParse(maker, NumberStyles.None, CultureInfo.InvariantCulture, out var pid) && !Directory.Exists($"/proc/{pid}") && TryRemove(directory))
            {
                removed++;
            }
        }

        return removed;
    }

    /// <summary>Limits it. Beyond the limit the kernel reclaims, swaps, and kills in the end.</summary>
    public void Limit(long bytes) => KernelFile.WriteText(
        $"{_group.Directory}/{(_group.IsUnified ? "memory.max" : "memory.limit_in_bytes")}", bytes.ToString(CultureInfo.InvariantCulture));

    /// <summary>A process that was killed leaves it a little later.</summary>
    public void Dispose()
    {
        for (var begin = Environment.TickCount64; !TryRemove(_group.Directory) && Environment.TickCount64 - begin < s_emptyPatience.TotalMilliseconds;)
        {
            Thread.Sleep(50);
        }
    }

    private static string Prefix(string purpose) => $"samepage-{purpose}-";

    /// <summary>Where both versions are mounted, memory belongs to version 1 if that has it.</summary>
    private static (string? Directory, string? Lack) Hierarchy(string root)
    {
        if (Directory.Exists($"{root}/memory"))
        {
            return ($"{root}/memory", null);
        }

        var controllers = KernelFile.TryReadText($"{root}/cgroup.subtree_control");
        return controllers?.Split((char[])[' ', '\n']).Contains("memory") == true
            ? (root, null)
            : (null, controllers is null
                ? $"control groups that limit memory ({root}/memory of version 1, or version 2 mounted at {root})"
                : $"the memory controller for control groups below {root} (echo +memory >{root}/cgroup.subtree_control)");
    }

    private static bool TryRemove(string directory)
    {
        try
        {
            Directory.Delete(directory);
            return true;
        }
        catch (DirectoryNotFoundException)
        {
            return true;
        }
        catch (Exception busy) when (busy is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static long Highest(ref long most, long now)
    {
        most = Math.Max(most, now);
        return now;
    }

    private KeyedText Keyed(string file) => KeyedText.Parse(KernelFile.TryReadText($"{_group.Directory}/{file}") ?? "");

    private long? Number(string file) => long.TryParse(
        KernelFile.TryReadText($"{_group.Directory}/{file}").AsSpan().Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
