using Samepage.Estimating;
using Samepage.Linux.Proc;
using Samepage.Targets;

namespace Samepage.SystemTests.Estimating;

/// <summary>Targets that exit, exec or unmap while they are looked at: the look goes on, and says so.</summary>
public sealed class RestlessTargetTests
{
    private const int Pages = 150_000;
    private static readonly ProcFs s_proc = new();

    [Fact]
    public void A_target_that_exits_in_the_middle_is_reported_and_the_others_are_counted()
    {
        using var doomed = Start("exit");
        using var survivor = TargetProgram.Start("layouts", "duplicates");
        survivor.Expect("ready");
        var estimate = EstimateWhile(() => doomed.WriteLine(""), doomed.Pid, survivor.Pid);
        Assert.Contains("ended", estimate.Targets[0].Note, StringComparison.Ordinal);
        Assert.Null(estimate.Targets[1].Note);
        Assert.InRange(estimate.Targets[1].Counts.SavablePages, 1700, 1800);
    }

    [Fact]
    public void A_target_that_executes_another_program_is_reported()
    {
        using var target = Start("exec");
        var estimate = EstimateWhile(() => target.WriteLine(""), target.Pid);
        Assert.Contains("exec", estimate.Targets[0].Note, StringComparison.Ordinal);
    }

    [Fact]
    public void A_target_that_unmaps_and_maps_all_the_time_is_survived()
    {
        using var target = Start("unmap");
        for (var round = 0; round < 5; round++)
        {
            var estimate = EstimateWhile(() => { }, target.Pid);
            Assert.InRange(estimate.Totals.PresentPages, Pages / 2, Pages + 1000);
            Assert.Equal(
                estimate.Totals.PresentPages - estimate.Totals.AlreadySharedPages,
                estimate.Totals.DistinctPages + estimate.Totals.SavablePages + Math.Max(0, estimate.Totals.ZeroPages - 1)
                    + Unread(estimate));
        }

        Assert.False(target.HasExited);
    }

    [Fact]
    public void Cancelling_gives_what_was_found_so_far()
    {
        using var target = Start("exit");
        using var cancel = new CancellationTokenSource();
        var progress = new Callback(now => CancelIn(EstimatePhase.Waiting, now, cancel));
        var estimate = new Estimator(s_proc).Run(
            [Target(target.Pid)], new EstimateOptions { Interval = TimeSpan.FromSeconds(30) }, progress, cancel.Token);
        Assert.True(estimate.IsPartial);
        Assert.True(estimate.IsSecondLookMissing);
        Assert.InRange(estimate.Totals.PresentPages, Pages, Pages + 1000);
        Assert.Equal(
            estimate.Totals.PresentPages - estimate.Totals.AlreadySharedPages,
            estimate.Totals.DistinctPages + estimate.Totals.SavablePages + Math.Max(0, estimate.Totals.ZeroPages - 1));
        Assert.True(estimate.Cost.WallSeconds < 10, "it waited for the second look");
    }

    private static void CancelIn(EstimatePhase phase, EstimateProgress now, CancellationTokenSource cancel)
    {
        if (now.Phase == phase)
        {
            cancel.Cancel();
        }
    }

    [Fact]
    public void No_page_costs_a_managed_allocation()
    {
        using var small = TargetProgram.Start("restless", "exit", "1000");
        using var large = Start("exit");
        small.Expect("ready");
        _ = Allocated(small.Pid);
        var forFew = Allocated(small.Pid);
        var forMany = Allocated(large.Pid);

        // 149,000 pages more. The map of duplicates takes some 140 bytes for each 512 pages, and that is all.
        Assert.True(forMany - forFew < (Pages - 1000) / 2, $"{forFew} bytes for 1,000 pages, {forMany} for {Pages}");
    }

    private static long Allocated(int pid)
    {
        var before = GC.GetTotalAllocatedBytes(precise: true);
        _ = new Estimator(s_proc).Run([Target(pid)], new EstimateOptions(), null, CancellationToken.None);
        return GC.GetTotalAllocatedBytes(precise: true) - before;
    }

    /// <summary>Pages that vanished between the page table and the read: seen as present, content unknown.</summary>
    private static long Unread(Estimate estimate) => estimate.Totals.PresentPages - estimate.Cost.PagesRead
        - estimate.Totals.AlreadySharedPages;

    private static TargetProgram Start(string how)
    {
        var target = TargetProgram.Start("restless", how, $"{Pages}");
        target.Expect("ready");
        return target;
    }

    private static Estimate EstimateWhile(Action disturb, params int[] pids)
    {
        var disturbed = false;
        var progress = new Callback(_ => { });
        var options = new EstimateOptions { Workers = 1 };
        var targets = Array.ConvertAll(pids, Target);
        var task = Task.Run(() => new Estimator(s_proc).Run(targets, options, progress, CancellationToken.None));
        while (!task.IsCompleted)
        {
            if (!disturbed)
            {
                Thread.Sleep(15);
                disturb();
                disturbed = true;
            }

            Thread.Sleep(1);
        }

        return task.GetAwaiter().GetResult();
    }

    private static TargetProcess Target(int pid) => new(pid, ProcessStat.TryRead(s_proc, pid)!.StartTicks, "restless");

    private sealed class Callback(Action<EstimateProgress> action) : IProgress<EstimateProgress>
    {
        public void Report(EstimateProgress value) => action(value);
    }
}
