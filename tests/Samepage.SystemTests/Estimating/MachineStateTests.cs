using Samepage.Estimating;
using Samepage.Linux.Proc;
using Samepage.Targets;

namespace Samepage.SystemTests.Estimating;

/// <summary>Counts that need the machine in a certain state: pages in swap, hugetlb pages, pages merged by ksmd.</summary>
public sealed class MachineStateTests
{
    private static readonly ProcFs s_proc = new();

    [Fact]
    public void Pages_in_swap_are_counted_and_stay_there()
    {
        using var state = new MachineState();
        state.AddSwap(64 << 20);
        using var target = TargetProgram.Start("layouts", "swapped");
        target.Expect("ready");
        var before = BruteForceReference.Of(target.Pid);
        Assert.True(before.Swapped > 200, $"only {before.Swapped} pages went to swap");
        var estimate = Estimate(target.Pid);
        var after = BruteForceReference.Of(target.Pid);
        Assert.Equal((before.Present, before.Swapped, before.Savable),
            (estimate.Totals.PresentPages, estimate.Totals.SwappedPages, estimate.Totals.SavablePages));
        Assert.Equal((before.Present, before.Swapped), (after.Present, after.Swapped));
    }

    [Fact]
    public void Hugetlb_pages_are_left_out_with_their_reason()
    {
        const string knob = "/proc/sys/vm/nr_hugepages";
        Assert.SkipUnless(File.Exists(knob), "this kernel has no hugetlb pages");
        using var state = new MachineState();
        state.Set(knob, "4");
        Assert.SkipUnless(File.ReadAllText(knob).Trim() == "4", "no memory in one piece for hugetlb pages");
        using var target = TargetProgram.Start("layouts", "hugetlb", "duplicates");
        target.Expect("ready");
        var reference = BruteForceReference.Of(target.Pid);
        var estimate = Estimate(target.Pid);
        Assert.Equal(reference.Present, estimate.Totals.PresentPages);
        var hugetlb = Assert.Single(estimate.NotMergeable, memory => memory.Reason == UnmergeableReason.HugeTlb);
        Assert.Equal(4 << 20, hugetlb.MappedBytes);
    }

    [Fact]
    public void Merged_pages_are_counted_as_such_and_stay_merged()
    {
        using var lease = KsmdLease.Take();
        lease.Start();
        using var first = TargetProgram.Start("layouts", "seed=1", "advised", "duplicates");
        using var second = TargetProgram.Start("layouts", "seed=2", "advised", "duplicates", "fork");
        first.Expect("ready");
        second.Expect("child");
        second.Expect("ready");
        lease.WaitFullScans(4);
        var reference = BruteForceReference.Of(first.Pid, second.Pid);
        Assert.True(reference.KsmMerged > 4000, $"ksmd merged {reference.KsmMerged} pages only");
        var estimate = Estimate(first.Pid, second.Pid);
        var after = BruteForceReference.Of(first.Pid, second.Pid);
        Assert.Equal(
            (reference.Present, reference.Distinct, reference.Savable, reference.AlreadyShared, reference.KsmMerged),
            (estimate.Totals.PresentPages, estimate.Totals.DistinctPages, estimate.Totals.SavablePages,
                estimate.Totals.AlreadySharedPages, estimate.Totals.KsmMergedPages));

        // The positive control of "reads only" is the history of this test: pinning reads undid all of these merges.
        Assert.Equal((reference.KsmMerged, reference.AlreadyShared), (after.KsmMerged, after.AlreadyShared));
    }

    private static Estimate Estimate(params int[] pids) => new Estimator(s_proc).Run(
        Array.ConvertAll(pids, pid => new TargetProcess(pid, ProcessStat.TryRead(s_proc, pid)!.StartTicks, "layouts")),
        new EstimateOptions(), null, CancellationToken.None);
}
