using Samepage.SystemTests.UserEngine;

namespace Samepage.SystemTests.Planning;

/// <summary>Admissions to this host and to a control group of it.</summary>
public sealed class AdmitTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("samepage-admit-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void A_small_guest_may_come_and_one_larger_than_the_host_may_not()
    {
        var config = Policy("[guard]\ncoverage_floor = 0\n");
        var yes = SamepageCommand.Json(0, "admit", "--size", "1M", "--config", config);
        Assert.Equal("samepage.admit/1", yes.GetProperty("schema").GetString());
        Assert.True(yes.GetProperty("admitted").GetBoolean());
        var scope = Assert.Single(yes.GetProperty("scopes").EnumerateArray());
        Assert.Equal(("host", "admitted"), (scope.GetProperty("name").GetString(), scope.GetProperty("verdict").GetString()));
        var host = yes.GetProperty("host");
        Assert.Equal(
            host.GetProperty("available_bytes").GetInt64() + host.GetProperty("swap_free_bytes").GetInt64() - host.GetProperty("reserve_bytes").GetInt64(),
            scope.GetProperty("headroom_bytes").GetInt64());
        Assert.Equal(
            scope.GetProperty("headroom_bytes").GetInt64() - yes.GetProperty("guest").GetProperty("needed_bytes").GetInt64(),
            scope.GetProperty("headroom_with_guest_bytes").GetInt64());
        var (status, output, errors) = SamepageCommand.Run("admit", "--size", "60T", "--config", config);
        Assert.Equal((6, ""), (status, errors));
        Assert.StartsWith("no: a guest of 60.0 TiB needs", output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_floor_of_the_policy_decides()
    {
        using var holder = new PageHolder("none", 64_000, contents: 1, seed: 3);
        string[] arguments = ["admit", "--size", "256M", "--like", $"{holder.Pid}", "--config"];
        var no = SamepageCommand.Json(6, [.. arguments, Policy("[guard]\ncoverage_floor = 1000\n")]);
        var scope = Assert.Single(no.GetProperty("scopes").EnumerateArray());
        Assert.Equal("below_floor", scope.GetProperty("verdict").GetString());
        Assert.Equal(1000, scope.GetProperty("coverage_floor").GetDouble());
        Assert.InRange(scope.GetProperty("exposure_with_guest_bytes").GetInt64() - scope.GetProperty("exposure_bytes").GetInt64(), 240L << 20, 256L << 20);
        Assert.True(SamepageCommand.Json(0, [.. arguments, Policy("[guard]\ncoverage_floor = 0\n")]).GetProperty("admitted").GetBoolean());
    }

    [Fact]
    public void The_limit_of_a_control_group_counts()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "control groups are made by root only");
        using var group = new MemoryGroup();
        group.Limit(64L << 20);
        var directory = Path.GetDirectoryName(group.Members)!;
        var config = Policy("[guard]\ncoverage_floor = 0\n");
        var no = SamepageCommand.Json(6, "admit", "--size", "100M", "--cgroup", directory, "--config", config);
        Assert.Equal(["host", $"/{Path.GetFileName(directory)}"], no.GetProperty("scopes").EnumerateArray().Select(scope => scope.GetProperty("name").GetString()));
        Assert.Equal(["admitted", "does_not_fit"], no.GetProperty("scopes").EnumerateArray().Select(scope => scope.GetProperty("verdict").GetString()));
        Assert.True(SamepageCommand.Json(0, "admit", "--size", "10M", "--cgroup", directory, "--config", config).GetProperty("admitted").GetBoolean());
    }

    [Theory]
    [InlineData(2, "--size wants a size", "--size", "much")]
    [InlineData(2, "does not exist; name another", "--size", "1M", "--config", "/no-such-file")]
    [InlineData(5, "control group /no-such-group does not exist", "--size", "1M", "--cgroup", "/no-such-group")]
    [InlineData(5, "process 4194303 does not exist", "--size", "1M", "--like", "4194303")]
    public void What_cannot_be_answered_is_refused_on_one_line(int code, string message, params string[] arguments)
    {
        var (status, output, errors) = SamepageCommand.Run(["admit", .. arguments]);
        Assert.Equal(code, status);
        Assert.Empty(output);
        Assert.Contains(message, errors, StringComparison.Ordinal);
        Assert.Single(errors.TrimEnd('\n').Split('\n'));
    }

    private string Policy(string text)
    {
        var file = Path.Combine(_directory, "samepage.toml");
        File.WriteAllText(file, text);
        return file;
    }
}
