using Samepage.Linux.Proc;
using Samepage.Policies;
using Samepage.Targets;
using Samepage.Tests.Docs;

namespace Samepage.Tests.Policies;

/// <summary>Who falls under which rule, in a made-up /proc, and where the files of a policy are found.</summary>
public sealed class PolicyMatcherTests : IDisposable
{
    private const string Guest = "/usr/bin/qemu-system-x86_64\0-name\0guest=web-1,debug-threads=on\0-m\01G\0";
    private readonly TemporaryTree _tree = new();

    public PolicyMatcherTests() => _tree["passwd"] = "root:x:0:0::/:/bin/sh\nweb:x:33:33::/:/bin/sh\n";

    public void Dispose() => _tree.Dispose();

    [Theory]
    [InlineData("comm = '^qemu'", true)]
    [InlineData("comm = '^emu'", false)]
    [InlineData("command_line = '-m 1G'", true)]
    [InlineData("command_line = 'debug.*on -m'", true)]
    [InlineData("command_line = '-m 2G'", false)]
    [InlineData("user = 'web'", true)]
    [InlineData("user = '33'", true)]
    [InlineData("user = 'root'", false)]
    [InlineData("cgroup = '/machine.slice'", true)]
    [InlineData("cgroup = '/machine.slice/machine-qemu.scope'", true)]
    [InlineData("cgroup = '/machine'", false)]
    [InlineData("unit = 'machine-qemu.scope'", true)]
    [InlineData("unit = 'machine-*.scope'", true)]
    [InlineData("unit = 'machine.slice'", true)]
    [InlineData("unit = 'machine-qemu'", false)]
    [InlineData("unit = '*.service'", false)]
    [InlineData("guest = '^web-'", true)]
    [InlineData("guest = '^db-'", false)]
    [InlineData("comm = 'qemu', user = 'web', guest = 'web'", true)]
    [InlineData("comm = 'qemu', user = 'root', guest = 'web'", false)]
    public void All_conditions_must_hold(string conditions, bool holds)
    {
        var facts = Process(50, "qemu-system-x86", Guest, 33, "5:cpu:/\n0::/machine.slice/machine-qemu.scope/emulator\n");
        Assert.Equal(holds ? "it" : null, Matcher($"[[rule]]\nname = 'it'\nmatch = {{ {conditions} }}\nengine = 'kernel'").RuleOf(facts)?.Name);
    }

    [Fact]
    public void Of_several_rules_the_last_decides()
    {
        var matcher = Matcher("""
            [[rule]]
            name = "all"
            match.comm = "."
            engine = "kernel"
            [[rule]]
            name = "not the database"
            match.comm = "postgres"
            engine = "off"
            """);
        Assert.Equal("all", matcher.RuleOf(Process(60, "redis", "redis\0", 0, ""))?.Name);
        Assert.Equal("not the database", matcher.RuleOf(Process(61, "postgres", "postgres\0", 0, ""))?.Name);
        Assert.Null(Matcher("").RuleOf(Process(62, "redis", "", 0, "")));
    }

    [Theory]
    [InlineData("qemu-system-x86_64\0-name\0web\0", "web")]
    [InlineData("qemu-system-x86_64\0-name\0web,process=qemu:web\0", "web")]
    [InlineData("qemu-system-x86_64\0-name\0debug-threads=on,guest=a,,b\0", "a,b")]
    [InlineData("/usr/libexec/qemu-kvm\0--name\0web\0", "web")]
    [InlineData("qemu-system-x86_64\0-name\0one\0-name\0two\0", "two")]
    [InlineData("qemu-system-x86_64\0-name\0debug-threads=on\0", null)]
    [InlineData("qemu-system-x86_64\0-m\01G\0", null)]
    [InlineData("qemu-system-x86_64\0-name\0", null)]
    [InlineData("qemu-system-x86_64\0-name\0\0", null)]
    [InlineData("qemu-img\0-name\0web\0", null)]
    [InlineData("sh\0-name\0web\0", null)]
    [InlineData("", null)]
    public void A_guest_is_called_what_qemu_was_told(string commandLine, string? name) =>
        Assert.Equal(name, Process(70, "x", commandLine, 0, "").GuestName);

    [Fact]
    public void A_process_that_has_gone_or_is_another_has_no_facts()
    {
        _ = Process(80, "x", "x\0", 0, "");
        Assert.Null(ProcessFacts.TryRead(new ProcFs(_tree.PathOf("proc")), new TargetProcess(80, 99, "x")));
        Assert.Null(ProcessFacts.TryRead(new ProcFs(_tree.PathOf("proc")), new TargetProcess(81, 12345, "x")));
    }

    [Fact]
    public void Drop_ins_follow_in_the_order_of_their_names()
    {
        _tree["etc/samepage.toml"] = "[governor]\ncpu_budget_percent = 1\n";
        _tree["etc/conf.d/20-late.toml"] = "[governor]\ncpu_budget_percent = 3\n";
        _tree["etc/conf.d/10-early.toml"] = "[governor]\ncpu_budget_percent = 2\n[server]\nlisten = 'off'\n";
        _tree["etc/conf.d/30-not.toml.bak"] = "nonsense";
        _tree["etc/conf.d/.hidden.toml"] = "nonsense";
        var policy = Loader().Load(_tree.PathOf("etc/samepage.toml"));
        Assert.Equal((3, null), (policy.Governor.CpuBudgetPercent, policy.Server.Listen));
        Assert.Equal(["samepage.toml", "10-early.toml", "20-late.toml"], policy.Sources.Select(Path.GetFileName));
    }

    [Fact]
    public void Files_that_cannot_be_a_policy_are_refused_by_name()
    {
        Directory.CreateDirectory(_tree.PathOf("etc"));
        Assert.Contains("does not exist", Refusal("etc/nosuch.toml"), StringComparison.Ordinal);
        Assert.Contains("is a directory", Refusal("etc"), StringComparison.Ordinal);
        _tree["etc/large.toml"] = new string('#', (1 << 20) + 1);
        Assert.Contains("larger than 1 MiB", Refusal("etc/large.toml"), StringComparison.Ordinal);
        File.WriteAllBytes(_tree.PathOf("etc/latin.toml"), [(byte)'#', 0xe9, (byte)'\n']);
        Assert.Contains("is not UTF-8", Refusal("etc/latin.toml"), StringComparison.Ordinal);
        File.WriteAllBytes(_tree.PathOf("etc/mark.toml"), [0xef, 0xbb, 0xbf, (byte)'#', (byte)'\n']);
        Assert.Empty(Loader().Load(_tree.PathOf("etc/mark.toml")).Rules);
    }

    [Fact]
    public void The_example_in_the_documentation_is_a_policy()
    {
        var page = File.ReadAllText(Path.Combine(Checkout.Root, "docs/operating/policy.md"));
        var example = page.Split("```toml\n")[1].Split("```")[0];
        var policy = new PolicyReader(Users()).Read(Policy.Default, "example", example.Replace("libvirt-qemu", "web", StringComparison.Ordinal));
        Assert.True(policy.Rules.Count >= 3);
        foreach (var key in PolicyText.Write(policy).Split('\n').Select(line => line.Split(" =")[0].Trim('[', ']')).Where(key => key.Length > 0 && key[0] is not '#'))
        {
            Assert.True(page.Contains(key, StringComparison.Ordinal), $"{key} is not in docs/operating/policy.md");
        }
    }

    private UserNames Users() => new(_tree.PathOf("passwd"));

    private PolicyLoader Loader() => new(Users());

    private string Refusal(string path) => Assert.Throws<PolicyException>(() => Loader().Load(_tree.PathOf(path))).Message;

    private PolicyMatcher Matcher(string text) => new(new PolicyReader(Users()).Read(Policy.Default, "p", text), Users());

    private ProcessFacts Process(int pid, string name, string commandLine, int user, string groups)
    {
        _tree[$"proc/{pid}/stat"] = $"{pid} ({name}) S 1 {pid} {pid} 0 -1 4194304 1 0 0 0 7 9 0 0 20 0 1 0 12345 0 0";
        _tree[$"proc/{pid}/status"] = $"Name:\t{name}\nUid:\t0\t{user}\t0\t0\n";
        _tree[$"proc/{pid}/cmdline"] = commandLine;
        _tree[$"proc/{pid}/cgroup"] = groups;
        var proc = new ProcFs(_tree.PathOf("proc"));
        return ProcessFacts.TryRead(proc, new TargetProcess(pid, 12345, name))!;
    }
}
