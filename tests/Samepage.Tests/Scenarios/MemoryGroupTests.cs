using Samepage.Scenarios;
using Samepage.Scenarios.Limits;

namespace Samepage.Tests.Scenarios;

/// <summary>Control groups of both versions, made up as plain files.</summary>
public sealed class MemoryGroupTests : IDisposable
{
    private readonly TemporaryTree _tree = new();

    [Fact]
    public void Version_1_tells_what_it_knows()
    {
        Directory.CreateDirectory(_tree.PathOf("memory"));
        using var group = new MemoryGroup("test", _tree.Root);
        var name = $"memory/samepage-test-{Environment.ProcessId}";
        Assert.Equal(_tree.PathOf(name), group.Root);
        _tree[$"{name}/memory.usage_in_bytes"] = "1000\n";
        _tree[$"{name}/memory.max_usage_in_bytes"] = "2000\n";
        _tree[$"{name}/memory.stat"] = "inactive_file 7\ntotal_inactive_file 30\ntotal_active_file 12\ntotal_swap 99\n";
        _tree[$"{name}/memory.oom_control"] = "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n";
        Assert.Equal((1000, 2000, 42, 99, 99, 3), (group.UsedBytes, group.PeakBytes, group.FileBytes, group.SwapBytes, group.SwapPeakBytes, group.Kills));
        _tree[$"{name}/memory.limit_in_bytes"] = "";
        group.Limit(5);
        Assert.Equal("5", File.ReadAllText(_tree.PathOf($"{name}/memory.limit_in_bytes")));
        Directory.Delete(group.Root, recursive: true);
    }

    [Fact]
    public void Version_2_tells_what_it_knows_and_keeps_peaks_that_the_kernel_does_not()
    {
        _tree["cgroup.controllers"] = "cpu memory\n";
        _tree["cgroup.subtree_control"] = "memory pids\n";
        using var group = new MemoryGroup("test", _tree.Root);
        var name = $"samepage-test-{Environment.ProcessId}";
        _tree[$"{name}/memory.current"] = "3000\n";
        _tree[$"{name}/memory.swap.current"] = "500\n";
        _tree[$"{name}/memory.stat"] = "inactive_file 7\nactive_file 3\n";
        _tree[$"{name}/memory.events"] = "oom 4\noom_kill 2\n";
        Assert.Equal((3000, 500, 10, 2), (group.UsedBytes, group.SwapBytes, group.FileBytes, group.Kills));
        _tree[$"{name}/memory.current"] = "1000\n";
        _tree[$"{name}/memory.swap.current"] = "0\n";
        Assert.Equal((1000, 0, 3000, 500), (group.UsedBytes, group.SwapBytes, group.PeakBytes, group.SwapPeakBytes));
        Directory.Delete(group.Root, recursive: true);
    }

    [Fact]
    public void What_is_missing_is_said_and_nothing_is_made()
    {
        Assert.Contains("control groups that limit memory", MemoryGroup.Lack(_tree.Root), StringComparison.Ordinal);
        _tree["cgroup.subtree_control"] = "pids\n";
        Assert.Contains("+memory", MemoryGroup.Lack(_tree.Root), StringComparison.Ordinal);
        Assert.Throws<ScenarioException>(() => new MemoryGroup("test", _tree.Root));
        Assert.Empty(Directory.GetDirectories(_tree.Root));
    }

    [Fact]
    public void Only_groups_whose_makers_are_gone_are_removed()
    {
        string[] names = ["samepage-test-999999999", $"samepage-test-{Environment.ProcessId}", "samepage-other-999999999", "samepage-test-x"];
        foreach (var name in names)
        {
            Directory.CreateDirectory(_tree.PathOf($"memory/{name}"));
        }

        Assert.Equal(1, MemoryGroup.RemoveLeftBehind("test", _tree.Root));
        Assert.Equal(names[1..].Order(), Directory.GetDirectories(_tree.PathOf("memory")).Select(Path.GetFileName).Order());
    }

    public void Dispose() => _tree.Dispose();
}
