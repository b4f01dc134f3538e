using System.Text.Json;
using System.Text.RegularExpressions;

namespace Samepage.SystemTests.Host;

public class StatusTests
{
    [Fact]
    public void Waiting_ends_when_all_is_merged_and_each_process_is_told()
    {
        using var ksmd = KsmdLease.Take();
        using var whole = new PageHolder("process", 4_000, contents: 4_000, seed: 7);
        using var regions = new PageHolder("region", 4_000, contents: 4_000, seed: 7);
        ksmd.Start(2_000, isSmart: true);
        var (status, output, errors) = SamepageCommand.Run("status", "--wait", "--timeout", "60s", "--interval", "500ms", "--json");
        Assert.True(status == 0, errors);
        using var json = JsonDocument.Parse(output);
        var root = json.RootElement;
        Assert.Equal("samepage.status/1", root.GetProperty("schema").GetString());
        Assert.Equal("converged", root.GetProperty("convergence").GetProperty("state").GetString());
        var host = root.GetProperty("host");
        Assert.InRange(host.GetProperty("saved_bytes").GetInt64(), 4_000 * 4096, long.MaxValue);
        Assert.Equal(
            host.GetProperty("saved_bytes").GetInt64() - host.GetProperty("metadata_bytes").GetInt64(), host.GetProperty("profit_bytes").GetInt64());
        Assert.InRange(host.GetProperty("ksmd_cpu_share").GetDouble(), 0, 1.1);
        Assert.InRange(host.GetProperty("ksmd_cpu_seconds").GetDouble(), 0.01, 1e9);
        var kinds = root.GetProperty("processes").EnumerateArray().ToDictionary(
            process => process.GetProperty("pid").GetInt32(), process => process.GetProperty("opt_in").GetString());
        Assert.Equal(("whole_process", "regions"), (kinds[whole.Pid], kinds[regions.Pid]));
    }

    [Fact]
    public void Text_fits_eighty_columns_without_escapes()
    {
        using var ksmd = KsmdLease.Take();
        using var holder = new PageHolder("process", 500, contents: 500, seed: 9);
        using var other = new PageHolder("process", 500, contents: 500, seed: 9);
        ksmd.Start(2_000);
        ksmd.WaitFullScans(4);
        var (status, output, errors) = Tool.Run("env", "COLUMNS=80", SamepageCommand.Executable, "status");
        Assert.True(status == 0, errors);
        Assert.DoesNotContain('\e', output);
        Assert.All(output.Split('\n'), line => Assert.True(line.Length <= 80, line));
        Assert.Matches(new Regex($@"^ *{holder.Pid}  holder .* whole process$", RegexOptions.Multiline), output);
        (status, output, _) = SamepageCommand.Run("status", "--pid", $"{holder.Pid}");
        Assert.Equal(0, status);
        Assert.Single(Regex.Matches(output, "holder"));
    }

    [Fact]
    public void Waiting_for_a_ksmd_that_stands_still_fails_at_once()
    {
        using var ksmd = KsmdLease.Take();
        var (status, _, errors) = SamepageCommand.Run("status", "--wait");
        Assert.Equal(1, status);
        Assert.Contains("stands still", errors);
    }

    [Fact]
    public void The_time_limit_of_a_wait_is_kept_and_told()
    {
        using var ksmd = KsmdLease.Take();
        using var holder = new PageHolder("process", 2_000, contents: 2_000, seed: 5);
        ksmd.Start(1, isSmart: true);
        var (status, output, errors) = SamepageCommand.Run("status", "--wait", "--timeout", "500ms");
        Assert.Equal(1, status);
        Assert.Contains("has not converged", errors);
        Assert.Contains("scanning", output);
    }

    [Fact]
    public void Who_may_not_look_at_a_process_still_sees_the_host()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root");
        var (status, output, errors) = SamepageCommand.RunAsNobody("status", "--pid", $"{Environment.ProcessId}");
        Assert.True(status == 0, errors);
        Assert.Contains("not permitted", output);
        Assert.Contains("ksmd", output);
    }
}
