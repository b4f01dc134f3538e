using System.Globalization;
using Samepage.Guarding;
using Samepage.Linux;
using Samepage.Linux.Proc;

namespace Samepage.Bench.Measuring;

/// <summary>A control group of the bench's own, by which memory is limited; removed when it is disposed of, and empty by then.</summary>
internal sealed class MemoryGroup : IDisposable
{
    private readonly ControlGroup _group;

    public MemoryGroup(string name)
    {
        var root = Directory.Exists("/sys/fs/cgroup/memory") ? "/sys/fs/cgroup/memory" : "/sys/fs/cgroup";
        Directory.CreateDirectory($"{root}/{name}");
        _group = ControlGroup.Find($"{root}/{name}");
    }

    public string Root => _group.Directory;

    /// <summary>What is charged to it.</summary>
    public long UsedBytes => Number(_group.IsUnified ? "memory.current" : "memory.usage_in_bytes");

    /// <summary>How many processes the kernel has killed in it for want of memory.</summary>
    public long Kills => KeyedText.Parse(Text(_group.IsUnified ? "memory.events" : "memory.oom_control")).Number("oom_kill") ?? 0;

    public void Limit(long bytes) => KernelFile.WriteText(
        $"{_group.Directory}/{(_group.IsUnified ? "memory.max" : "memory.limit_in_bytes")}", bytes.ToString(CultureInfo.InvariantCulture));

    public void Dispose() => Directory.Delete(_group.Directory);

    private long Number(string file) => long.Parse(Text(file), CultureInfo.InvariantCulture);

    private string Text(string file) => KernelFile.ReadText($"{_group.Directory}/{file}").Trim();
}
