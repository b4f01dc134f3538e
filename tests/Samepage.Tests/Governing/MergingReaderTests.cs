using Samepage.Governing;
using Samepage.Linux.Proc;
using Samepage.Linux.Sys;
using Samepage.Targets;

namespace Samepage.Tests.Governing;

public sealed class MergingReaderTests : IDisposable
{
    private readonly TemporaryTree _tree = new();

    public MergingReaderTests()
    {
        foreach (var (file, value) in new[] { ("run", 1), ("pages_shared", 10), ("pages_sharing", 100), ("pages_unshared", 5), ("pages_volatile", 85), ("ksm_zero_pages", 20), ("full_scans", 7) })
        {
            _tree[$"ksm/{file}"] = $"{value}\n";
        }

        Add(50, "ksmd", 0x0020_0000, "");
        Add(60, "whole", 0, "ksm_rmap_items 30\nksm_zero_pages 5\nksm_merging_pages 20\nksm_merge_any: yes\nksm_mergeable: yes\n");
        Add(61, "regions", 0, "ksm_rmap_items 90\nksm_zero_pages 0\nksm_merging_pages 80\nksm_merge_any: no\nksm_mergeable: yes\n");
        Add(62, "nothing", 0, "ksm_rmap_items 0\nksm_zero_pages 0\nksm_merging_pages 0\nksm_merge_any: no\nksm_mergeable: no\n");
        Add(63, "idle", 0, "ksm_rmap_items 4\nksm_zero_pages 0\nksm_merging_pages 0\nksm_merge_any: no\nksm_mergeable: yes\n");
    }

    private ProcFs Proc => new(_tree.PathOf("proc"));

    private MergingReader Reader => new(Proc, new KsmSysfs(_tree.PathOf("ksm")));

    [Fact]
    public void The_host_is_accounted_with_metadata()
    {
        var host = Reader.ReadHost();
        Assert.Equal((KsmdState.Scanning, 120 * 4096L, 210 * 64L, (120 * 4096L) - (210 * 64L)), (host.State, host.SavedBytes, host.MetadataBytes, host.ProfitBytes));
        Assert.Equal((7L, 120L, 200L), (host.Sample.FullScans, host.Sample.SavedPages, host.Sample.TrackedPages));
        Assert.Equal(0.16, host.KsmdCpuSeconds!.Value, 6);
    }

    [Fact]
    public void Processes_with_merged_pages_come_by_their_saving()
    {
        var survey = Reader.ReadProcesses(null);
        Assert.Equal(["regions", "whole"], survey.Shown.Select(process => process.Name));
        Assert.Equal([OptInKind.Regions, OptInKind.WholeProcess], survey.Shown.Select(process => process.OptIn));
        Assert.Equal((80 * 4096L) - (90 * 64), survey.Shown[0].ProfitBytes);
        Assert.Equal((1, 0, false), (survey.OptedInUnmerged, survey.Unreadable, survey.HasUnscanned));
    }

    [Fact]
    public void Named_processes_are_shown_whatever_they_have()
    {
        var survey = Reader.ReadProcesses([new TargetProcess(62, 1, "nothing"), new TargetProcess(99, 1, "gone")]);
        Assert.Equal((62, OptInKind.None, true), survey.Shown.Select(process => (process.Pid, process.OptIn, process.IsReadable)).Single());
    }

    [Fact]
    public void A_process_that_ksmd_has_not_come_to_is_noticed()
    {
        Add(64, "new", 0, "ksm_rmap_items 0\nksm_zero_pages 0\nksm_merging_pages 0\nksm_merge_any: yes\n");
        Assert.Equal((true, false), (Reader.ReadProcesses(null).HasUnscanned, Reader.ReadProcesses(null).HasUnscannedRegions));
    }

    [Fact]
    public void Nor_one_of_which_some_regions_may_be_merged()
    {
        Add(64, "new", 0, "ksm_rmap_items 0\nksm_zero_pages 0\nksm_merging_pages 0\nksm_merge_any: no\nksm_mergeable: yes\n");
        Assert.Equal((false, true), (Reader.ReadProcesses(null).HasUnscanned, Reader.ReadProcesses(null).HasUnscannedRegions));
    }

    [Fact]
    public void A_ksmd_that_is_not_the_kernels_is_not_taken_for_it()
    {
        Add(50, "ksmd", 0, "");
        Assert.Null(Reader.ReadHost().KsmdCpuSeconds);
    }

    public void Dispose() => _tree.Dispose();

    private void Add(int pid, string name, long flags, string ksmStat)
    {
        _tree[$"proc/{pid}/stat"] = $"{pid} ({name}) S 2 0 0 0 -1 {flags} 0 0 0 0 7 9 0 0 20 0 1 0 5 0 0\n";
        _tree[$"proc/{pid}/ksm_stat"] = ksmStat;
    }
}
