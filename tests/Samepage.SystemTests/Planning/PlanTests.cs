using System.Text.Json;

namespace Samepage.SystemTests.Planning;

/// <summary>Plans from real processes and from estimates in files.</summary>
public sealed class PlanTests : IDisposable
{
    private const int Pages = 8_000;
    private const long Slack = 4L << 20;
    private readonly string _directory = Directory.CreateTempSubdirectory("samepage-plan-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void What_processes_hold_alike_is_planned_once()
    {
        using var one = new PageHolder("none", Pages, contents: Pages, seed: 3);
        using var same = new PageHolder("none", Pages, contents: Pages, seed: 3);
        using var other = new PageHolder("none", Pages, contents: Pages, seed: 4);
        var alike = Plan("--like", $"{one.Pid}", "--like", $"{same.Pid}");
        Assert.Equal(("like", 2), (alike.GetProperty("guest").GetProperty("profile").GetString(), alike.GetProperty("guest").GetProperty("profiled_guests").GetInt32()));
        Assert.InRange(Bytes(alike, "common_bytes"), Pages * 4096L, (Pages * 4096L) + Slack);
        Assert.InRange(Bytes(alike, "unique_bytes"), 0, Slack);
        var apart = Plan("--like", $"{one.Pid},{other.Pid}");
        Assert.InRange(Bytes(apart, "common_bytes"), 0, Slack);
        Assert.InRange(Bytes(apart, "unique_bytes"), Pages * 4096L, (Pages * 4096L) + Slack);
        Assert.True(alike.GetProperty("guests_fit").GetInt32() > apart.GetProperty("guests_fit").GetInt32());

        // Fifty like that occupy little, and all of them at once what fifty occupy.
        Assert.InRange(alike.GetProperty("exposure_bytes").GetInt64(), 49L * Pages * 4096, 50L * ((Pages * 4096) + Slack));
        Assert.Equal(
            alike.GetProperty("unmerged_bytes").GetInt64() - alike.GetProperty("merged_bytes").GetInt64(), alike.GetProperty("exposure_bytes").GetInt64());
        Assert.Equal(
            Math.Max(0, alike.GetProperty("exposure_bytes").GetInt64() - alike.GetProperty("headroom_bytes").GetInt64()),
            alike.GetProperty("swap_for_breaks_bytes").GetInt64());
    }

    [Fact]
    public void An_estimate_in_a_file_plans_as_the_processes_do()
    {
        using var one = new PageHolder("none", Pages, contents: Pages / 2, seed: 5);
        using var same = new PageHolder("none", Pages, contents: Pages / 2, seed: 5);
        var (status, output, errors) = SamepageCommand.Run("estimate", "--pid", $"{one.Pid},{same.Pid}", "--json");
        Assert.True(status == 0, errors);
        var file = Path.Combine(_directory, "estimate.json");
        File.WriteAllText(file, output);
        var read = Plan("--estimate", file);
        Assert.Equal("estimate", read.GetProperty("guest").GetProperty("profile").GetString());
        var looked = Plan("--like", $"{one.Pid},{same.Pid}");
        foreach (var name in new[] { "resident_bytes", "unique_bytes", "common_bytes", "merged_bytes" })
        {
            Assert.InRange(Bytes(read, name) - Bytes(looked, name), -Slack / 16, Slack / 16);
        }
    }

    [Fact]
    public void Text_fits_eighty_columns_and_names_its_assumptions()
    {
        var (status, output, errors) = Tool.Run("env", "COLUMNS=80", SamepageCommand.Executable, "plan", "--guests", "52", "--guest-size", "1G", "--host", "16G");
        Assert.True(status == 0, errors);
        Assert.All(output.Split('\n'), line => Assert.True(line.Length <= 80, line));
        Assert.Contains("52 guests of 1.0 GiB do not fit: 14 would.", output, StringComparison.Ordinal);
        Assert.Contains("neither --like nor --estimate", string.Join(' ', output.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        Assert.Contains("shares none of it", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, "--guest-size wants a size such as", "--guest-size", "1X")]
    [InlineData(2, "Option '--guest-size' is required", "--host", "1G")]
    [InlineData(2, "is too small", "--guest-size", "1G", "--host", "1G")]
    [InlineData(2, "is too small", "--guest-size", "4G", "--host", "4G", "--reserve", "1G")]
    [InlineData(2, "--guests wants a number", "--guest-size", "1G", "--guests", "-3")]
    [InlineData(2, "--overhead is larger than the guest", "--guest-size", "1G", "--overhead", "2G")]
    [InlineData(2, "give one of them", "--guest-size", "1G", "--like", "7", "--estimate", "x")]
    [InlineData(2, "--like wants a process number", "--guest-size", "1G", "--like", "qemu")]
    [InlineData(2, "no-such-file", "--guest-size", "1G", "--estimate", "/no-such-file")]
    [InlineData(2, "is not JSON", "--guest-size", "1G", "--estimate", "/etc/hostname")]
    [InlineData(5, "does not exist", "--guest-size", "1G", "--like", "4194303")]
    public void What_cannot_be_planned_is_refused_on_one_line(int code, string message, params string[] arguments)
    {
        var (status, output, errors) = SamepageCommand.Run(["plan", .. arguments]);
        Assert.Equal(code, status);
        Assert.Empty(output);
        Assert.Contains(message, errors, StringComparison.Ordinal);
        Assert.Single(errors.TrimEnd('\n').Split('\n'));
    }

    private static long Bytes(JsonElement plan, string name) => plan.GetProperty("guest").GetProperty(name).GetInt64();

    private static JsonElement Plan(params string[] guest)
    {
        var plan = SamepageCommand.Json(0, ["plan", "--guests", "50", "--guest-size", "64M", "--host", "4G", .. guest]);
        Assert.Equal("samepage.plan/1", plan.GetProperty("schema").GetString());
        return plan;
    }
}
