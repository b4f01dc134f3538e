namespace Samepage.SystemTests.Planning;

/// <summary>Policies as the executable checks and prints them, and who falls under their rules.</summary>
public sealed class CheckConfigTests : IDisposable
{
    private const string Holders = """
        [[rule]]
        name = "holders"
        match = { comm = '^holder$', user = "root" }
        engine = "kernel"
        delay = "10s"
        """;

    private readonly string _directory = Directory.CreateTempSubdirectory("samepage-policy-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void What_it_prints_is_a_policy_that_comes_to_the_same()
    {
        var config = Write("a/samepage.toml", Holders);
        Write("a/conf.d/10-budget.toml", "[governor]\ncpu_budget_percent = 12.5\n");
        var (status, output, errors) = SamepageCommand.Run("check-config", "--config", config, "--pid", $"{Environment.ProcessId}");
        Assert.True(status == 0, errors);
        Assert.Contains("cpu_budget_percent = 12.5\n", output, StringComparison.Ordinal);
        var again = SamepageCommand.Run("check-config", "--config", Write("b/samepage.toml", output), "--pid", $"{Environment.ProcessId}");
        Assert.True(again.Status == 0, again.Errors);
        Assert.Equal(Said(output), Said(again.Output));
    }

    [Fact]
    public void Processes_are_told_their_rule()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "the rule is about processes of root");
        using var holder = new PageHolder("none", 10, contents: 10, seed: 1);
        var config = Write("samepage.toml", Holders);
        var root = SamepageCommand.Json(0, "check-config", "--config", config, "--pid", $"{holder.Pid},{Environment.ProcessId}");
        Assert.Equal("samepage.check-config/1", root.GetProperty("schema").GetString());
        Assert.Equal([config], root.GetProperty("sources").EnumerateArray().Select(source => source.GetString()));
        var rule = Assert.Single(root.GetProperty("rules").EnumerateArray());
        Assert.Equal(("holders", config, 1), (rule.GetProperty("name").GetString(), rule.GetProperty("file").GetString(), rule.GetProperty("line").GetInt32()));
        var processes = root.GetProperty("processes").EnumerateArray().ToDictionary(process => process.GetProperty("pid").GetInt32());
        Assert.Equal(("holders", "kernel", 10), (
            processes[holder.Pid].GetProperty("rule").GetString(), processes[holder.Pid].GetProperty("engine").GetString(), processes[holder.Pid].GetProperty("delay_seconds").GetDouble()));
        Assert.Null(processes[Environment.ProcessId].GetProperty("rule").GetString());
        var (status, output, errors) = Tool.Run("env", "COLUMNS=80", SamepageCommand.Executable, "check-config", "--config", config, "--tree", $"{holder.Pid}");
        Assert.True(status == 0, errors);
        Assert.Matches($"(?m)^# *{holder.Pid}  holder  holders  kernel ", output);
    }

    [Fact]
    public void Without_targets_those_under_a_rule_are_listed()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs a pid namespace of its own");
        var config = Write("samepage.toml", "[[rule]]\nname = \"sleepers\"\nmatch = { command_line = '^sleep 12\\.5$' }\nengine = \"off\"\n");
        var (status, output, errors) = Tool.Run(
            "unshare", "-pf", "--kill-child", "--mount-proc", "sh", "-c", "sleep 12.5 & sleep 13.5 & sleep 0.2; \"$0\" check-config --config \"$1\"", SamepageCommand.Executable, config);
        Assert.True(status == 0, errors);
        Assert.Matches("(?m)^# *[0-9]+  sleep +sleepers  off ", output);
        Assert.Contains("# 1 other process falls under no rule", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[governor]\ncpu_budget_percent = \"25\"\n", ":2:22: cpu_budget_percent must be a number, and is a string")]
    [InlineData("[guard]\nfloor = 1\n", ":2:1: [guard] has no 'floor'; known are cgroup, coverage_floor,")]
    [InlineData("[[rule]]\nname = \"a\"\nmatch.comm = \"(\"\n", ":3:14: comm is not a regular expression")]
    [InlineData("[[rule]\n", ":1:7: not TOML:")]
    public void What_is_wrong_is_said_with_file_line_and_column(string text, string message)
    {
        var config = Write("samepage.toml", text);
        var (status, output, errors) = SamepageCommand.Run("check-config", "--config", config);
        Assert.Equal((2, ""), (status, output));
        Assert.StartsWith($"samepage: {config}{message}", errors, StringComparison.Ordinal);
        Assert.Single(errors.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public void A_file_that_may_not_be_read_is_a_matter_of_permission()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs a user that may less");
        var config = Write("samepage.toml", "");
        File.SetUnixFileMode(_directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherExecute);
        File.SetUnixFileMode(config, UnixFileMode.UserRead);
        var (status, _, errors) = SamepageCommand.RunAsNobody("check-config", "--config", config);
        Assert.Equal(4, status);
        Assert.Contains(config, errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("plan", "Exposure is what would be needed")]
    [InlineData("admit", "Exit status: 0 yes")]
    [InlineData("check-config", "the last one decides")]
    public void The_help_says_what_the_verb_means(string verb, string text)
    {
        var (status, output, _) = SamepageCommand.Run(verb, "--help");
        Assert.Equal(0, status);
        Assert.Contains(text, output.ReplaceLineEndings(" "), StringComparison.Ordinal);
        Assert.DoesNotContain(text, SamepageCommand.Run("--help").Output.ReplaceLineEndings(" "), StringComparison.Ordinal);
    }

    /// <summary>What a policy says, without comments, which name files.</summary>
    private static IEnumerable<string> Said(string policy) => policy.Split('\n').Where(line => line.Length > 0 && line[0] != '#');

    private string Write(string name, string text)
    {
        var file = Path.Combine(_directory, name);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
        return file;
    }
}
