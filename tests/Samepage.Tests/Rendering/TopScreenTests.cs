using Samepage.Cli.Rendering;
using Samepage.Governing;
using Samepage.Linux.Proc;
using Samepage.Linux.Sys;
using Samepage.Targets;

namespace Samepage.Tests.Rendering;

public sealed class TopScreenTests : IDisposable
{
    private readonly TemporaryTree _tree = new();

    public TopScreenTests()
    {
        _tree["ksm/run"] = "1\n";
        foreach (var (pid, name, merged) in new[] { (60, "bbb", 20), (61, "aaa", 80), (62, "evil\e[2J", 50) })
        {
            _tree[$"proc/{pid}/stat"] = $"{pid} ({name}) S 2 0 0 0 -1 0 0 0 0 0 7 9 0 0 20 0 1 0 5 0 0\n";
            _tree[$"proc/{pid}/ksm_stat"] = $"ksm_rmap_items 90\nksm_zero_pages 0\nksm_merging_pages {merged}\nksm_merge_any: yes\n";
        }
    }

    [Fact]
    public void Keys_sort_and_reverse()
    {
        var screen = Screen();
        Assert.Equal([61, 62, 60], Pids(screen));
        screen.Press("n");
        Assert.Equal([61, 60, 62], Pids(screen));
        screen.Press("R");
        Assert.Equal([62, 60, 61], Pids(screen));
        screen.Press("i");
        Assert.Equal([60, 61, 62], Pids(screen));
        screen.Press("\e[A");
        screen.Press("xyz?");
        Assert.False(screen.IsClosed);
        screen.Press("q");
        Assert.True(screen.IsClosed);
    }

    [Theory]
    [InlineData(80, 24)]
    [InlineData(200, 60)]
    [InlineData(40, 12)]
    [InlineData(20, 3)]
    [InlineData(1, 1)]
    public void Lines_fit_any_window(int columns, int rows)
    {
        var lines = Screen().Lines(columns, rows);
        Assert.Equal(rows, lines.Count);
        Assert.All(lines, line => Assert.True(Bare(line).Length <= columns, line));
        Assert.All(lines, line => Assert.DoesNotContain('\e', Bare(line)));
        Assert.All(lines, line => Assert.DoesNotContain('\n', line));
    }

    [Fact]
    public void A_target_that_has_gone_is_said_and_no_error()
    {
        var screen = Screen(new TargetQuery { Pids = [4711] });
        Assert.Contains(screen.Lines(100, 20), line => line.Contains("4711 does not exist"));
    }

    public void Dispose() => _tree.Dispose();

    private TopScreen Screen(TargetQuery? query = null)
    {
        var proc = new ProcFs(_tree.PathOf("proc"));
        var screen = new TopScreen(proc, new MergingReader(proc, new KsmSysfs(_tree.PathOf("ksm"))), query ?? new TargetQuery());
        screen.Look();
        return screen;
    }

    private static int[] Pids(TopScreen screen) => [.. screen.Lines(100, 30)
        .Select(line => int.TryParse(line.TrimStart().Split(' ')[0], out var pid) ? pid : 0).Where(pid => pid > 0)];

    /// <summary>Without the reverse video of the heading, which is top's own.</summary>
    private static string Bare(string line) => line.Replace("\e[7m", "").Replace("\e[0m", "");
}
