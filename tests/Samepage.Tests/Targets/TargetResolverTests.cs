using System.Text.RegularExpressions;
using Samepage.Linux.Proc;
using Samepage.Targets;

namespace Samepage.Tests.Targets;

public sealed class TargetResolverTests : IDisposable
{
    private readonly TemporaryTree _tree = new();

    public TargetResolverTests()
    {
        _tree["mounts"] = $"""
            cgroup2 {Groups("unified")} cgroup2 rw 0 0
            cgroup {Groups("memory")} cgroup rw,relatime,memory 0 0
            cgroup {Groups("cpu,cpuacct")} cgroup rw,relatime,cpu,cpuacct 0 0
            """;
        foreach (var group in new[] { "memory/tenantA", "memory/tenantA/app", "memory/app", "unified/app" })
        {
            Directory.CreateDirectory(Groups(group));
        }

        Add(1, "init", 0, "");
        Add(2, "kthreadd", 0, "", kernel: true);
        Add(10, "qemu-system-x86", 1, "4:memory:/tenantA\n3:cpu,cpuacct:/\n0::/app");
        Add(11, "qemu-system-x86", 10, "4:memory:/tenantA/app");
        Add(12, "redis-server", 11, "4:memory:/app", user: 1000);
        Add(13, "gone", 12, "4:memory:/app", state: 'Z');
    }

    private TargetResolver Resolver => new(new ProcFs(_tree.Root));

    public void Dispose() => _tree.Dispose();

    [Fact]
    public void All_leaves_out_init_kernel_threads_and_zombies() => Assert.Equal([10, 11, 12], Pids(new() { All = true }));

    [Fact]
    public void Kinds_of_conditions_narrow_each_other()
    {
        Assert.Equal([10, 11], Pids(new() { CommandName = new Regex("^qemu") }));
        Assert.Equal([11], Pids(new() { CommandName = new Regex("^qemu"), TreeRoot = 11 }));
        Assert.Equal([12], Pids(new() { UserId = 1000 }));
        Assert.Equal([10, 12], Pids(new() { Pids = [12, 10, 12] }));
    }

    [Fact]
    public void A_tree_is_a_process_and_all_below_it() => Assert.Equal([11, 12], Pids(new() { TreeRoot = 11 }));

    [Fact]
    public void A_control_group_holds_its_own_and_those_below()
    {
        Assert.Equal([10, 11], Pids(new() { ControlGroup = Groups("memory/tenantA") }));
        Assert.Equal([10, 11], Pids(new() { ControlGroup = "/tenantA/" }));
        Assert.Equal([11], Pids(new() { ControlGroup = Groups("memory/tenantA/app") }));
    }

    [Fact]
    public void Groups_of_a_like_name_are_not_confused()
    {
        Assert.Equal([12], Pids(new() { ControlGroup = Groups("memory/app") }));
        Assert.Equal([10], Pids(new() { ControlGroup = Groups("unified/app") }));
        Assert.Throws<TargetException>(() => Pids(new() { ControlGroup = "/tenant" }));
    }

    [Fact]
    public void A_group_that_does_not_exist_or_holds_everybody_is_refused()
    {
        Assert.Contains("does not exist", Complaint(new() { ControlGroup = Groups("memory/nosuch/app") }), StringComparison.Ordinal);
        Assert.Contains("root", Complaint(new() { ControlGroup = "/" }), StringComparison.Ordinal);
        Assert.Contains("root", Complaint(new() { ControlGroup = Groups("memory/") }), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, "init")]
    [InlineData(2, "kernel thread")]
    [InlineData(13, "zombie")]
    [InlineData(99, "does not exist")]
    public void What_can_never_be_a_target_is_refused_by_name(int pid, string why) =>
        Assert.Contains(why, Complaint(new() { Pids = [pid] }), StringComparison.Ordinal);

    [Fact]
    public void Processes_that_a_pattern_meets_and_the_caller_may_not_read_are_left_out()
    {
        _tree.Remove("12/smaps");
        Assert.Equal([10, 11], Pids(new() { All = true }));
        Assert.Contains("look at none", Complaint(new() { UserId = 1000 }), StringComparison.Ordinal);
        Assert.Equal([12], Pids(new() { Pids = [12] }));
    }

    private string Groups(string path) => _tree.PathOf($"cgroups/{path}");

    private int[] Pids(TargetQuery query) => [.. Resolver.Resolve(query).Select(target => target.Pid)];

    private string Complaint(TargetQuery query) => Assert.Throws<TargetException>(() => Resolver.Resolve(query)).Message;

    private void Add(int pid, string name, int parent, string groups, bool kernel = false, char state = 'S', int user = 0)
    {
        _tree[$"{pid}/stat"] = $"{pid} ({name}) {state} {parent} {pid} {pid} 0 -1 {(kernel ? 0x200000 : 0x400000)} 1 0 0 0 7 9 0 0 20 0 1 0 12345 0 0";
        _tree[$"{pid}/status"] = $"Name:\t{name}\nUid:\t{user}\t{user}\t{user}\t{user}\n";
        _tree[$"{pid}/cgroup"] = groups;
        _tree[$"{pid}/smaps"] = "";
    }
}
