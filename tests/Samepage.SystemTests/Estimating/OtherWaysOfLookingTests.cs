using System.Globalization;
using Samepage.Estimating;
using Samepage.Linux.Proc;
using Samepage.Targets;

namespace Samepage.SystemTests.Estimating;

/// <summary>Looks with less help from the kernel, with a sample, or at memory that changes: what may differ, and what not.</summary>
public sealed class OtherWaysOfLookingTests : IDisposable
{
    private readonly List<TargetProgram> _programs = [];
    private readonly ProcFs _proc = new();

    public void Dispose() => _programs.ForEach(program => program.Dispose());

    [Theory]
    [InlineData("unique")]
    [InlineData("duplicates")]
    [InlineData("zeros")]
    [InlineData("zero-frame")]
    [InlineData("holes")]
    [InlineData("private-file")]
    [InlineData("shared")]
    [InlineData("protected")]
    [InlineData("huge")]
    [InlineData("fork")]
    public void Without_the_kernels_scan_the_counts_are_the_same(string layout)
    {
        var pids = Start(layout);
        var scanned = Estimate(pids, new EstimateOptions());
        var read = Estimate(pids, new EstimateOptions { WithoutScan = true });
        Assert.Equal(WithoutHugePages(scanned.Totals), read.Totals);
        Assert.Equal(scanned.Targets.Select(target => WithoutHugePages(target.Counts)), read.Targets.Select(target => target.Counts));
        Assert.True(scanned.HugePagesKnown);
        Assert.False(read.HugePagesKnown);
    }

    [Theory]
    [InlineData("duplicates", false)]
    [InlineData("fork", false)]
    [InlineData("fork", true)]
    [InlineData("zero-frame", false)]
    [InlineData("zero-frame", true)]
    public void Without_frame_numbers_forks_and_zero_pages_are_counted_right(string layout, bool withoutScan)
    {
        var pids = Start(layout);
        var exact = Estimate(pids, new EstimateOptions());
        var guessed = Estimate(pids, new EstimateOptions { WithoutFrameNumbers = true, WithoutScan = withoutScan });
        Assert.Equal(FrameIdentity.ExclusiveBit, guessed.FrameIdentity);
        Assert.Equal(exact.Totals.SavablePages, guessed.Totals.SavablePages);
        Assert.InRange(guessed.Totals.ZeroPages, exact.Totals.ZeroPages - 2, exact.Totals.ZeroPages + 2);
        Assert.Equal(
            exact.Targets.Select(target => target.Counts.SavablePages), guessed.Targets.Select(target => target.Counts.SavablePages));
    }

    [Fact]
    public void A_duplicate_that_changes_before_it_is_compared_is_found_to_differ()
    {
        var pids = Start("duplicates");
        var region = Smaps.Read(_proc, pids[0]).MaxBy(part => part.AnonymousBytes)!;
        using var memory = File.OpenHandle($"/proc/{pids[0]}/mem", FileMode.Open, FileAccess.ReadWrite);
        var progress = new Callback(now =>
        {
            // The last report of the reading comes before the comparison begins.
            for (ulong page = 0; now.Phase == EstimatePhase.Reading && page < 100; page++)
            {
                RandomAccess.Write(memory, [(byte)0xA5, 0x5A], (long)(region.Start + page * 4096 + 100));
            }
        });
        // One worker goes by address: the pages that change are the first of their contents, which others are compared with.
        var estimate = Estimate(pids, new EstimateOptions { Verify = true, Workers = 1 }, progress);
        Assert.InRange(estimate.Verification!.DifferentPages, 1, estimate.Verification.ComparedPages);
    }

    [Fact]
    public void A_sample_keeps_the_sum_and_its_interval_holds_the_truth()
    {
        var pids = Start("unique", "duplicates", "huge", "fork");
        var whole = Estimate(pids, new EstimateOptions()).Totals;
        var held = 0;
        for (var run = 0; run < 20; run++)
        {
            var sampled = Estimate(pids, new EstimateOptions { SampleOneIn = 8 });
            var totals = sampled.Totals;
            Assert.Equal(
                totals.PresentPages - totals.AlreadySharedPages,
                totals.ZeroPages + totals.DistinctPages - Math.Min(1, totals.ZeroPages) + totals.SavablePages);
            Assert.Equal(totals.SavableBytes, sampled.Targets.Sum(target => target.AttributedBytes));
            held += sampled.Sampling!.SavablePagesLow <= whole.SavablePages && whole.SavablePages <= sampled.Sampling.SavablePagesHigh ? 1 : 0;
        }

        // 19 of 20 on average; fewer than 15 once in several thousand runs.
        Assert.InRange(held, 15, 20);
    }

    private static PageCounts WithoutHugePages(PageCounts counts) =>
        counts with { HugePages = 0, HugePagesToSplit = 0, HugePageDuplicatePages = 0 };

    private List<int> Start(params string[] layouts)
    {
        var program = TargetProgram.Start("layouts", layouts);
        _programs.Add(program);
        var pids = new List<int> { program.Pid };
        for (var line = program.ReadLine(); line != "ready"; line = program.ReadLine())
        {
            pids.Add(int.Parse(line["child ".Length..], CultureInfo.InvariantCulture));
        }

        return pids;
    }

    private Estimate Estimate(List<int> pids, EstimateOptions options, IProgress<EstimateProgress>? progress = null)
    {
        var targets = pids.ConvertAll(pid => new TargetProcess(pid, ProcessStat.TryRead(_proc, pid)!.StartTicks, "layouts"));
        return new Estimator(_proc).Run(targets, options, progress, CancellationToken.None);
    }

    private sealed class Callback(Action<EstimateProgress> action) : IProgress<EstimateProgress>
    {
        public void Report(EstimateProgress value) => action(value);
    }
}
