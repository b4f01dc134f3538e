using Samepage.Linux.Proc;
using Samepage.Linux.Sys;

namespace Samepage.Tests.Kernel;

public class KsmTests
{
    [Fact]
    public void A_young_kernel_tells_how_a_process_asked()
    {
        var stat = KsmStat.Parse(
            "ksm_rmap_items 1744\nksm_zero_pages 3017\nksm_merging_pages 2\nksm_process_profit -12254208\nksm_merge_any: yes\nksm_mergeable: no\n");
        Assert.Equal(new KsmStat(1744, 3017, 2, -12_254_208, true, false), stat);
    }

    [Fact]
    public void An_old_kernel_tells_less() =>
        Assert.Equal(new KsmStat(5, 0, 0, 0, null, null), KsmStat.Parse("ksm_rmap_items 5\n"));

    [Fact]
    public void A_process_without_the_file_is_null()
    {
        using var tree = new TemporaryTree();
        Assert.Null(KsmStat.TryRead(new ProcFs(tree.Root), 5));
    }

    [Fact]
    public void Memory_of_the_host_is_in_bytes() =>
        Assert.Equal(
            new MemInfo(1024, 2048, 3072, 4096, 0),
            MemInfo.Parse("MemTotal: 1 kB\nMemFree: 2 kB\nMemAvailable: 3 kB\nSwapTotal: 4 kB\nHugePages_Total: 7\n"));

    [Fact]
    public void Counters_of_a_made_up_host_are_read()
    {
        using var tree = new TemporaryTree();
        foreach (var (file, value) in new[]
        {
            ("run", "1"), ("pages_shared", "2005"), ("pages_sharing", "2007"), ("pages_unshared", "43"), ("pages_volatile", "1785"),
            ("ksm_zero_pages", "3017"), ("full_scans", "1466"), ("general_profit", "-20207296"), ("pages_skipped", "99"),
        })
        {
            tree[file] = value + "\n";
        }

        tree["advisor_mode"] = "none [scan-time]\n";
        var ksm = new KsmSysfs(tree.Root);
        Assert.True(ksm.Exists && ksm.IsRunning && ksm.IsAdvisorOn);
        Assert.Equal((5024L, 5840L, 1466L, -20_207_296L), (ksm.SavedPages, ksm.RmapItems, ksm.FullScans, ksm.GeneralProfitBytes));
        Assert.Equal(99, ksm.PagesSkipped);
        Assert.Null(ksm.PagesScanned);
        ksm.Write("run", 0);
        Assert.False(ksm.IsRunning);
    }

    [Theory]
    [InlineData("")]
    [InlineData("garbage")]
    [InlineData("99999999999999999999")]
    public void A_counter_that_is_no_number_counts_as_none(string text)
    {
        using var tree = new TemporaryTree();
        tree["pages_shared"] = text;
        Assert.Null(new KsmSysfs(tree.Root).Number("pages_shared"));
        Assert.Equal(0, new KsmSysfs(tree.Root).PagesShared);
    }

    [Fact]
    public void A_kernel_without_merging_has_none()
    {
        var ksm = new KsmSysfs("/nonexistent/ksm");
        Assert.False(ksm.Exists || ksm.IsRunning || ksm.IsAdvisorOn);
        Assert.Throws<Samepage.Linux.LinuxException>(() => ksm.Write("run", 1));
    }
}
