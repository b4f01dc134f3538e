using System.Diagnostics;
using System.Text.Json;
using Samepage.Linux.Sys;

namespace Samepage.SystemTests.Host;

public class DoctorTests
{
    [Fact]
    public void This_machine_is_told_as_it_is()
    {
        var ksm = new KsmSysfs();
        var (status, output, errors) = SamepageCommand.Run("doctor", "--json");
        using var json = JsonDocument.Parse(output);
        var root = json.RootElement;
        Assert.Equal("samepage.doctor/1", root.GetProperty("schema").GetString());
        Assert.Equal(File.ReadAllText("/proc/sys/kernel/osrelease").Trim(), root.GetProperty("kernel").GetString());
        var canMerge = root.GetProperty("can_merge").GetBoolean();
        Assert.Equal(canMerge ? 0 : 3, status);
        Assert.Equal(ksm.Exists ? "ok" : "missing", State(root, "ksm"));
        Assert.Equal(File.Exists("/proc/pressure/memory") ? "ok" : "limited", State(root, "psi"));
        Assert.Equal("", errors);
        Assert.SkipUnless(Environment.IsPrivilegedProcess && ksm.Exists, "the rest needs root and KSM");
        Assert.Equal("ok", State(root, "privileges"));
        Assert.Equal("ok", State(root, "frame_numbers"));
        Assert.Equal(InheritanceByShell(), State(root, "exec") == "ok");
    }

    [Fact]
    public void Text_fits_eighty_columns_without_escapes()
    {
        var (_, output, _) = Tool.Run("env", "COLUMNS=80", SamepageCommand.Executable, "doctor");
        Assert.DoesNotContain('\e', output);
        Assert.DoesNotContain('…', output);
        Assert.All(output.Split('\n'), line => Assert.True(line.Length <= 80 && line == line.TrimEnd(), line));
        Assert.Contains("KSM", output);
    }

    [Fact]
    public void Nobody_is_told_what_is_out_of_reach()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root");
        var (status, output, errors) = SamepageCommand.RunAsNobody("doctor", "--json");
        Assert.True(status is 0 or 3, errors);
        using var json = JsonDocument.Parse(output);
        Assert.All(
            new[] { "privileges", "frame_numbers", "process_vm_readv" }, id => Assert.Equal("limited", State(json.RootElement, id)));
    }

    /// <summary>Start-up counts: the median of fifteen runs, each of which starts the executable twice.</summary>
    [Fact]
    public void It_takes_less_than_fifty_milliseconds()
    {
        var times = Enumerable.Range(0, 15).Select(run =>
        {
            var start = Stopwatch.GetTimestamp();
            _ = SamepageCommand.Run("doctor");
            return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }).Order().ToArray();
        TestContext.Current.TestOutputHelper?.WriteLine($"median {times[7]:0.0} ms, best {times[0]:0.0} ms");
        Assert.True(times[7] < 50, $"median {times[7]:0.0} ms");
    }

    private static string? State(JsonElement report, string id) => report.GetProperty("checks").EnumerateArray()
        .Single(check => check.GetProperty("id").GetString() == id).GetProperty("state").GetString();

    /// <summary>The same question asked another way: a program opts in and executes another, whose ksm_stat tells.</summary>
    private static bool InheritanceByShell()
    {
        var text = Tool.Run(TargetProgram.Compile("inherit")).Output;
        Assert.SkipUnless(text.Contains("ksm_merge_any"), "this kernel's ksm_stat does not tell (before 6.14)");
        return text.Contains("ksm_merge_any: yes");
    }
}
