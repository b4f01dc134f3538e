using CsCheck;
using Samepage.Guarding.Swapping;
using Samepage.Policies;
using Samepage.Targets;

namespace Samepage.Tests.Policies;

/// <summary>What a policy file may say, what comes of it, and how it is refused.</summary>
public sealed class PolicyReaderTests : IDisposable
{
    private readonly TemporaryTree _tree = new();

    public PolicyReaderTests() => _tree["passwd"] = "root:x:0:0:root:/root:/bin/sh\nlibvirt-qemu:x:64055:108::/:/bin/false\nodd\n";

    private UserNames Users => new(_tree.PathOf("passwd"));

    public void Dispose() => _tree.Dispose();

    [Fact]
    public void Without_a_word_the_defaults_hold()
    {
        var policy = Read("# nothing\n");
        Assert.Equal(Policy.Default with { Sources = policy.Sources }, policy);
        Assert.Empty(policy.Rules);
        Assert.Equal((25, TimeSpan.FromMinutes(1)), (policy.Governor.CpuBudgetPercent, policy.Governor.CpuBudgetOver));
        Assert.Equal((1, 1.25, SwapKind.None), (policy.Guard.Host.Floor, policy.Guard.Host.Warning, policy.Guard.Swap.Provision));
        Assert.Equal("127.0.0.1:7373", policy.Server.Listen);
    }

    [Fact]
    public void Everything_that_can_be_said_is_understood()
    {
        var policy = Read("""
            [[rule]]
            name = "guests"
            match = { comm = '^qemu', command_line = "-m 1", user = "libvirt-qemu", cgroup = "/machine.slice/", unit = "machine-*.scope", guest = "^web" }
            engine = "user"
            domain = "web"
            priority = "low"
            delay = "1.5m"

            [governor]
            cpu_budget_percent = 12.5
            cpu_budget_over = "5m"

            [guard]
            coverage_floor = 0.5
            coverage_warning = 2
            warning_command = ["/usr/bin/logger", "low"]
            swap = { provision = "file", directory = "/srv/swap", size_max = "1.5G" }

            [[guard.cgroup]]
            path = "/machine.slice"
            coverage_floor = 1.5

            [server]
            listen = "[::1]:80"
            hosts = ["samepage.example.org", "myhost"]
            """);
        var rule = Assert.Single(policy.Rules);
        Assert.Equal(
            new PolicyRule(
                "guests",
                new RuleMatch { CommandName = "^qemu", CommandLine = "-m 1", User = "libvirt-qemu", ControlGroup = "/machine.slice", Unit = "machine-*.scope", Guest = "^web" },
                RuleEngine.User, RulePriority.Low, TimeSpan.FromSeconds(90), "web", new PolicyPosition("policy.toml", 1, 1)),
            rule);
        Assert.Equal(new GovernorPolicy { CpuBudgetPercent = 12.5, CpuBudgetOver = TimeSpan.FromMinutes(5) }, policy.Governor);
        Assert.Equal(new CoverageFloors { Floor = 0.5, Warning = 2 }, policy.Guard.Host);
        Assert.Equal(["/usr/bin/logger", "low"], policy.Guard.WarningCommand);
        Assert.Equal(new SwapPolicy { Provision = SwapKind.File, Directory = "/srv/swap", SizeBytesMax = 3L << 29 }, policy.Guard.Swap);
        Assert.Equal(new ControlGroupFloors("/machine.slice", new CoverageFloors { Floor = 1.5, Warning = 2 }), Assert.Single(policy.Guard.ControlGroups));
        Assert.Equal("[::1]:80", policy.Server.Listen);
        Assert.Equal(["samepage.example.org", "myhost"], policy.Server.Hosts);
    }

    [Fact]
    public void A_later_file_changes_of_the_server_what_it_names()
    {
        var first = Read("[server]\nlisten = \"0.0.0.0:80\"\n");
        var second = new PolicyReader(Users).Read(first, "later.toml", "[server]\nhosts = [\"myhost\"]\n");
        var third = new PolicyReader(Users).Read(second, "last.toml", "[server]\nlisten = \"off\"\n");
        Assert.Equal(("0.0.0.0:80", "myhost"), (second.Server.Listen, Assert.Single(second.Server.Hosts)));
        Assert.Equal((null, "myhost"), (third.Server.Listen, Assert.Single(third.Server.Hosts)));
    }

    [Theory]
    [InlineData("governer = 1", "1:1: a policy has no 'governer'; 'governor' may be meant")]
    [InlineData("[nothing]", "1:1: a policy has no 'nothing'; known are governor, guard, history, rule, server")]
    [InlineData("[guard.swap]\nprovision = \"\\none\"", "2:13: provision must be \"none\" or \"file\" or \"zram\", and is \"?one\"")]
    [InlineData("[history]\nenabled = 1", "2:11: enabled must be true or false, and is ")]
    [InlineData("[history]\ndays = 0", "2:8: days must be 1 to 3650, and is 0")]
    [InlineData("[history]\nsize_max = \"1M\"", "2:12: size_max must be a size such as \"64M\", 4M at least, and is \"1M\"")]
    [InlineData("[history]\npath = \"history.db\"", "2:8: path must be the full path of a file")]
    [InlineData("[governor]\ncpu_budget = 3", "2:1: [governor] has no 'cpu_budget'; known are cpu_budget_over, cpu_budget_percent")]
    [InlineData("[governor]\n  cpu_budget_percnt = 3", "2:3: [governor] has no 'cpu_budget_percnt'; 'cpu_budget_percent' may be meant")]
    [InlineData("[governor]\ncpu_budget_percent = \"25\"", "2:22: cpu_budget_percent must be a number, and is a string")]
    [InlineData("[governor]\ncpu_budget_percent = 0", "2:22: cpu_budget_percent must be 0.1 to 100, and is 0")]
    [InlineData("[governor]\ncpu_budget_percent = nan", "2:22: cpu_budget_percent must be 0.1 to 100, and is NaN")]
    [InlineData("[governor]\ncpu_budget_over = 60", "2:19: cpu_budget_over must be a string in quotes, and is a whole number")]
    [InlineData("[governor]\ncpu_budget_over = \"60\"", "2:19: cpu_budget_over must be a time such as")]
    [InlineData("[governor]\ncpu_budget_over = \"2d\"", "a day at most, and is \"2d\"")]
    [InlineData("[governor]\ncpu_budget_over = \"10ms\"", "20 seconds at least")]
    [InlineData("governor = 3", "1:12: governor must be a table, and is a whole number")]
    [InlineData("[guard]\ncoverage_floor = 2.0\ncoverage_warning = 1.5", "3:20: coverage_warning is 1.5 and below coverage_floor (2), so that it would come too late")]
    [InlineData("[guard]\nwarning_command = \"logger low\"", "2:19: warning_command must be an array of strings")]
    [InlineData("[guard]\nwarning_command = [\"logger\"]", "2:19: warning_command must begin with the full path")]
    [InlineData("[guard]\nwarning_command = []", "2:19: warning_command must be an array of strings")]
    [InlineData("[guard.swap]\nsize_max = \"1G\"", "1:1: [guard.swap] has no provision; add")]
    [InlineData("[guard.swap]\nprovision = \"disk\"", "2:13: provision must be \"none\" or \"file\" or \"zram\", and is \"disk\"")]
    [InlineData("[guard.swap]\nprovision = \"file\"", "2:13: swap is to be provided without a limit; add size_max")]
    [InlineData("[guard.swap]\nprovision = \"none\"\nsize_max = \"1G\"", "3:12: size_max goes with")]
    [InlineData("[guard.swap]\nprovision = \"zram\"\nsize_max = \"1G\"\ndirectory = \"/a\"", "4:13: directory goes with provision = \"file\" only")]
    [InlineData("[guard.swap]\nprovision = \"file\"\nsize_max = \"1 G\"", "3:12: size_max must be a size such as")]
    [InlineData("[guard.swap]\nprovision = \"file\"\nsize_max = \"1G\"\ndirectory = \"a\"", "4:13: directory must be a full path")]
    [InlineData("[[guard.cgroup]]\ncoverage_floor = 1", "1:1: [[guard.cgroup]] has no path")]
    [InlineData("[[guard.cgroup]]\npath = \"/a\"\n[[guard.cgroup]]\npath = \"/a/\"", "4:8: path \"/a\" stands here twice")]
    [InlineData("[[guard.cgroup]]\npath = \"machine.slice\"", "2:8: path must be a path as /proc/PID/cgroup has it")]
    [InlineData("[[guard.cgroup]]\npath = \"/sys/fs/cgroup/machine.slice\"", "2:8: path must be a path as /proc/PID/cgroup has it")]
    [InlineData("[guard.cgroup]\npath = \"/a\"", "1:1: [[guard.cgroup]] must be written in double brackets")]
    [InlineData("[server]\nlisten = \"localhost:80\"", "2:10: listen must be an address and a port")]
    [InlineData("[server]\nlisten = \"127.0.0.1\"", "2:10: listen must be an address and a port")]
    [InlineData("[server]\nhosts = \"myhost\"", "2:9: hosts must be an array of strings that are not empty, such as [\"samepage.example.org\"]")]
    [InlineData("[server]\nhosts = []", "2:9: hosts must be an array of strings")]
    [InlineData("[server]\nhosts = [\"a\", \"https://a.example\"]", "2:9: hosts must be names as they stand in an address, without scheme, port and path, such as [\"samepage.example.org\"], and has \"https://a.example\"")]
    [InlineData("[server]\nhosts = [\"a.example:80\"]", "and has \"a.example:80\"")]
    [InlineData("[server]\nhosts = [\"*.example\"]", "and has \"*.example\"")]
    [InlineData("[server]\nhosts = [\"a.example/b\"]", "and has \"a.example/b\"")]
    [InlineData("[rule]\nname = \"a\"", "1:1: [[rule]] must be written in double brackets")]
    [InlineData("[[rule]]\nengine = \"off\"", "1:1: [[rule]] has no name")]
    [InlineData("[[rule]]\nname = \"\"", "2:8: name is empty")]
    [InlineData("[[rule]]\nname = \"a\"\nengine = \"off\"", "1:1: rule \"a\" does not say which processes; add a condition")]
    [InlineData("[[rule]]\nname = \"a\"\nmatch = {}\nengine = \"off\"", "1:1: rule \"a\" does not say which processes")]
    [InlineData("[[rule]]\nname = \"a\"\nmatch = { name = \"b\" }", "3:11: match has no 'name'; known are cgroup, comm, command_line, guest, unit, user")]
    [InlineData("[[rule]]\nname = \"a\"\nmatch = { comm = \"b\" }", "1:1: rule \"a\" has no engine")]
    [InlineData("[[rule]]\nname = \"a\"\nmatch = { comm = \"b\" }\nengine = \"ksm\"", "4:10: engine must be \"kernel\" or \"user\" or \"off\", and is \"ksm\"")]
    [InlineData("[[rule]]\nname = \"a\"\nmatch = { comm = \"b\" }\nengine = \"kernel\"\ndomain = \"d\"", "5:10: domain goes with engine = \"user\" only")]
    [InlineData("[[rule]]\nname = \"a\"\nmatch = { comm = \"b\" }\nengine = \"user\"\ndomain = \"d/e\"", "5:10: domain must be up to 47 of")]
    [InlineData("[[rule]]\nname = \"a\"\nmatch = { comm = \"b\" }\nengine = \"off\"\ndelay = \"1s\"", "5:9: delay does not go with engine = \"off\"")]
    [InlineData("[[rule]]\nname = \"a\"\nmatch = { comm = \"b\" }\nengine = \"off\"\npriority = 3", "5:12: priority must be a string in quotes")]
    [InlineData("[[rule]]\nname = \"a\"\nmatch = { comm = \"b(\" }", "3:18: comm is not a regular expression that can be used")]
    [InlineData("[[rule]]\nname = \"a\"\nmatch = { guest = '(a)\\1' }", "3:19: guest is not a regular expression that can be used")]
    [InlineData("[[rule]]\nname = \"a\"\nmatch = { user = \"nosuch\" }", "3:18: user \"nosuch\" is not a user of this machine")]
    [InlineData("[[rule]]\nname = \"a\"\nmatch.comm = \"b\"\nengine = \"off\"\n[[rule]]\nname = \"a\"\nmatch.comm = \"c\"\nengine = \"off\"", "6:8: name \"a\" is that of the rule in line 1 too")]
    [InlineData("[[rule]]\nname = \"a\"\nmatch.comm = \"b\"\nengine = \"off\"\n[[rule]]\nname = \"c\"\nmatch.comm = \"b\"\nengine = \"kernel\"", "rule \"c\" matches just what rule \"a\" (policy.toml:1:1) does")]
    [InlineData("a = ", "1:5: not TOML: ")]
    [InlineData("a = 1\na = 2", "2:1: not TOML: ")]
    [InlineData("a = \"\\q\"", "not TOML: ")]
    [InlineData("\na = \"x\\", "2:8: not TOML: a string does not end")]
    [InlineData("rule = 1\n[[rule]]\nname = \"a\"", "2:1: not TOML: ")]
    public void What_is_wrong_is_said_with_its_place(string text, string message)
    {
        var error = Assert.Throws<PolicyException>(() => Read(text));
        Assert.StartsWith("policy.toml:", error.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        Assert.Matches("^policy.toml:[0-9]+:[0-9]+: .{10,}$", error.Message);
    }

    [Fact]
    public void Nesting_without_end_is_refused() =>
        Assert.Contains("not TOML", Assert.Throws<PolicyException>(() => Read("a = " + new string('[', 100_000))).Message, StringComparison.Ordinal);

    [Fact]
    public void A_later_file_changes_what_it_names_and_nothing_else()
    {
        var first = Read("""
            [[rule]]
            name = "a"
            match.comm = "a"
            engine = "kernel"
            delay = "9s"
            [[rule]]
            name = "b"
            match.comm = "b"
            engine = "off"
            [governor]
            cpu_budget_percent = 50
            cpu_budget_over = "2m"
            [guard]
            warning_command = ["/bin/true"]
            [guard.swap]
            provision = "zram"
            size_max = "1G"
            [[guard.cgroup]]
            path = "/a"
            coverage_floor = 3
            """);
        var second = new PolicyReader(Users).Read(first, "late.toml", """
            [[rule]]
            name = "c"
            match.comm = "c"
            engine = "off"
            [[rule]]
            name = "a"
            match.comm = "a+"
            engine = "off"
            [governor]
            cpu_budget_percent = 10
            [guard.swap]
            provision = "none"
            [[guard.cgroup]]
            path = "/b"
            """);
        Assert.Equal(["a", "b", "c"], second.Rules.Select(rule => rule.Name));
        Assert.Equal(("a+", RuleEngine.Off, TimeSpan.Zero), (second.Rules[0].Match.CommandName, second.Rules[0].Engine, second.Rules[0].Delay));
        Assert.Equal((10, TimeSpan.FromMinutes(2)), (second.Governor.CpuBudgetPercent, second.Governor.CpuBudgetOver));
        Assert.Equal(["/bin/true"], second.Guard.WarningCommand);
        Assert.Equal(new SwapPolicy(), second.Guard.Swap);
        Assert.Equal(["/a", "/b"], second.Guard.ControlGroups.Select(group => group.Path));
        Assert.Equal(["policy.toml", "late.toml"], second.Sources);
    }

    [Fact]
    public void A_later_file_contradicts_an_earlier_one_with_both_places()
    {
        var first = Read("[[rule]]\nname = \"a\"\nmatch.comm = \"b\"\nengine = \"off\"");
        var error = Assert.Throws<PolicyException>(() => new PolicyReader(Users).Read(first, "late.toml", "\n[[rule]]\nname = \"x\"\nmatch.comm = \"b\"\nengine = \"kernel\""));
        Assert.StartsWith("late.toml:2:1: rule \"x\" matches just what rule \"a\" (policy.toml:1:1) does", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/a", 1)]
    [InlineData("/a/b", 2)]
    [InlineData("/a/b/c", 2)]
    [InlineData("/a/bc", 1)]
    [InlineData("/b", 7)]
    public void A_group_has_the_floor_of_the_nearest_that_is_named(string group, double floor)
    {
        var guard = Read("[guard]\ncoverage_floor = 7\n[[guard.cgroup]]\npath = \"/a\"\ncoverage_floor = 1\n[[guard.cgroup]]\npath = \"/a/b\"\ncoverage_floor = 2").Guard;
        Assert.Equal(floor, guard.FloorsOf(group).Floor);
    }

    /// <summary>What check-config prints is a policy, and the same one.</summary>
    [Fact]
    public void What_is_written_reads_back_as_the_same()
    {
        var word = Gen.String[Gen.Char["abcXYZ019 '\"\\^$.*-é\t#="], 1, 12];
        var time = Gen.Int[1, 5000].Select(number => TimeSpan.FromMilliseconds(number * 17L));
        var rules =
            from name in word
            from comm in word.Select(System.Text.RegularExpressions.Regex.Escape)
            from unit in word
            from engine in Gen.Enum<RuleEngine>()
            from priority in Gen.Enum<RulePriority>()
            from delay in time
            select new PolicyRule(
                name, new RuleMatch { CommandName = comm, Unit = unit, User = "root" }, engine, priority, engine == RuleEngine.Off ? TimeSpan.Zero : delay,
                engine == RuleEngine.User ? "d-1" : null, new PolicyPosition("f", 1, 1));
        var policies =
            from rule in rules.Array[0, 4]
            from budget in Gen.Double[0.1, 100]
            from floor in Gen.Double[0, 9]
            from more in Gen.Double[0, 3]
            from command in word.Array[0, 3]
            from swap in Gen.Int[0, 100_000]
            select new Policy
            {
                Rules = [.. rule.DistinctBy(one => one.Name).DistinctBy(one => one.Match)],
                Governor = new GovernorPolicy { CpuBudgetPercent = budget, CpuBudgetOver = TimeSpan.FromSeconds(90) },
                Guard = new GuardPolicy
                {
                    Host = new CoverageFloors { Floor = floor, Warning = floor + more },
                    ControlGroups = [new ControlGroupFloors("/x y", new CoverageFloors { Floor = floor / 2, Warning = floor })],
                    WarningCommand = command.Length == 0 ? [] : ["/bin/x", .. command],
                    Swap = swap == 0 ? new SwapPolicy() : new SwapPolicy { Provision = SwapKind.File, Directory = "/s", SizeBytesMax = swap * 4096L },
                },
                Server = new ServerPolicy { Listen = swap % 2 == 0 ? null : "0.0.0.0:80", Hosts = swap % 3 == 0 ? [] : ["a.example", "b"] },
            };
        policies.Sample(policy =>
        {
            var text = PolicyText.Write(policy);
            var read = Read(text);
            Assert.Equal(text, PolicyText.Write(read with { Rules = [.. read.Rules.Select(rule => rule with { Position = new PolicyPosition("f", 1, 1) })] }));
            Assert.Equal(policy.Rules.Select(rule => rule with { Position = null! }), read.Rules.Select(rule => rule with { Position = null! }));
            Assert.Equal((policy.Governor, policy.Guard.Host, policy.Guard.Swap, policy.Server.Listen), (read.Governor, read.Guard.Host, read.Guard.Swap, read.Server.Listen));
            Assert.Equal(policy.Server.Hosts, read.Server.Hosts);
            Assert.Equal(policy.Guard.WarningCommand, read.Guard.WarningCommand);
            Assert.Equal(policy.Guard.ControlGroups, read.Guard.ControlGroups);
        }, iter: 300);
    }

    /// <summary>Bytes cut out of and put into a good policy: it is still one, or it is refused with a place.</summary>
    [Fact]
    public void Whatever_a_file_holds_it_is_a_policy_or_one_line()
    {
        var good = PolicyText.Write(Policy.Default) + "[[rule]]\nname = \"a\"\nmatch = { comm = '^a', unit = \"b.service\" }\nengine = \"user\"\ndelay = \"3s\"\n";
        Gen.Select(Gen.Int[0, good.Length - 1], Gen.Int[0, 40], Gen.String[Gen.Char["[]{}=.\"'\n #,\\0129aE-\u0000\ud7ff"], 0, 8]).Sample((at, length, put) =>
        {
            try
            {
                _ = Read(good[..at] + put + good[Math.Min(good.Length, at + length)..]);
            }
            catch (PolicyException error)
            {
                Assert.StartsWith("policy.toml", error.Message, StringComparison.Ordinal);
                Assert.DoesNotContain('\n', error.Message);
            }
        }, iter: 3000);
    }

    private Policy Read(string text) => new PolicyReader(Users).Read(Policy.Default, "policy.toml", text);
}
