using System.Text.Json;
using System.Text.RegularExpressions;

namespace Samepage.SystemTests.Host;

public class StatusTests
{
    [Fact]
    public void Waiting_ends_when_all_is_merged_and_each_process_is_told()
    {
        Assert.SkipUnless(HostTool.IsRoot, "needs root");
        using var ksmd = new KsmdInUse(2_000, isSmart: true);
        var whole = ksmd.Hold("process", 4_000, 7);
        var regions = ksmd.Hold("region", 4_000, 7);
        ksmd.StartKsmd();
        var (status, output, errors) = HostTool.Run(HostTool.Samepage, "status", "--wait", "--timeout", "60s", "--interval", "500ms", "--json");
        Assert.True(status == 0, errors);
        using var json = JsonDocument.Parse(output);
        var root = json.RootElement;
        Assert.Equal("samepage.status/1", root.GetProperty("schema").GetString());
        Assert.Equal("converged", root.GetProperty("convergence").GetProperty("state").GetString());
        var host = root.GetProperty("host");
        Assert.InRange(host.GetProperty("saved_bytes").GetInt64(), 4_000 * 4096, 4_200 * 4096);
        Assert.Equal(
            host.GetProperty("saved_bytes").GetInt64() - host.GetProperty("metadata_bytes").GetInt64(), host.GetProperty("profit_bytes").GetInt64());
        Assert.InRange(host.GetProperty("ksmd_cpu_share").GetDouble(), 0, 1.1);
        Assert.InRange(host.GetProperty("ksmd_cpu_seconds").GetDouble(), 0.01, 1e9);
        var kinds = root.GetProperty("processes").EnumerateArray().ToDictionary(
            process => process.GetProperty("pid").GetInt32(), process => process.GetProperty("opt_in").GetString());
        Assert.Equal(("whole_process", "regions"), (kinds[whole.Id], kinds[regions.Id]));
    }

    [Fact]
    public void Text_fits_eighty_columns_without_escapes()
    {
        Assert.SkipUnless(HostTool.IsRoot, "needs root");
        using var ksmd = new KsmdInUse(2_000, isSmart: false);
        var holder = ksmd.Hold("process", 500, 9);
        ksmd.Hold("process", 500, 9);
        ksmd.StartKsmd();
        ksmd.LetPasses(4);
        var (status, output, errors) = HostTool.Run("env", "COLUMNS=80", HostTool.Samepage, "status");
        Assert.True(status == 0, errors);
        Assert.DoesNotContain('\e', output);
        Assert.All(output.Split('\n'), line => Assert.True(line.Length <= 80, line));
        Assert.Matches(new Regex($@"^ *{holder.Id}  holder .* whole process$", RegexOptions.Multiline), output);
        (status, output, _) = HostTool.Run(HostTool.Samepage, "status", "--pid", $"{holder.Id}");
        Assert.Equal(0, status);
        Assert.Single(Regex.Matches(output, "holder"));
    }

    [Fact]
    public void Waiting_for_a_ksmd_that_stands_still_fails_at_once()
    {
        Assert.SkipUnless(HostTool.IsRoot, "needs root");
        using var ksmd = new KsmdInUse(100, isSmart: true);
        ksmd.Ksm.Write("run", 0);
        var (status, _, errors) = HostTool.Run(HostTool.Samepage, "status", "--wait");
        Assert.Equal(1, status);
        Assert.Contains("stands still", errors);
    }

    [Fact]
    public void The_time_limit_of_a_wait_is_kept_and_told()
    {
        Assert.SkipUnless(HostTool.IsRoot, "needs root");
        using var ksmd = new KsmdInUse(1, isSmart: true);
        ksmd.Hold("process", 2_000, 5);
        ksmd.StartKsmd();
        var (status, output, errors) = HostTool.Run(HostTool.Samepage, "status", "--wait", "--timeout", "500ms");
        Assert.Equal(1, status);
        Assert.Contains("has not converged", errors);
        Assert.Contains("scanning", output);
    }

    [Fact]
    public void Who_may_not_look_at_a_process_still_sees_the_host()
    {
        Assert.SkipUnless(HostTool.IsRoot, "needs root");
        var (status, output, errors) = AsNobody("status", "--pid", $"{Environment.ProcessId}");
        Assert.True(status == 0, errors);
        Assert.Contains("not permitted", output);
        Assert.Contains("ksmd", output);
    }

    /// <summary>Another user cannot reach into /root or a private build directory, so it gets a copy.</summary>
    internal static (int Status, string Output, string Errors) AsNobody(params string[] arguments)
    {
        var directory = Directory.CreateTempSubdirectory("samepage-nobody-").FullName;
        try
        {
            File.Copy(HostTool.Samepage, Path.Combine(directory, "samepage"));
            HostTool.Run("chmod", "755", directory);
            return HostTool.Run("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", "env", "-u", "XDG_RUNTIME_DIR", Path.Combine(directory, "samepage"), .. arguments]);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
