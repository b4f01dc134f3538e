using Samepage.Estimating;
using Samepage.Linux.Proc;
using Samepage.Targets;

namespace Samepage.SystemTests.Estimating;

/// <summary>On programs that stand still, every count equals that of the brute-force reference.</summary>
public sealed class ExactnessTests : IDisposable
{
    private readonly LayoutPrograms _programs = new();

    public void Dispose() => _programs.Dispose();

    [Theory]
    [InlineData("unique")]
    [InlineData("duplicates")]
    [InlineData("nearly")]
    [InlineData("zeros")]
    [InlineData("zero-frame")]
    [InlineData("huge-zero-frame")]
    [InlineData("holes")]
    [InlineData("huge")]
    [InlineData("reserve")]
    [InlineData("private-file")]
    [InlineData("shared-file")]
    [InlineData("shared")]
    [InlineData("guard")]
    [InlineData("protected")]
    [InlineData("locked")]
    [InlineData("fork")]
    public void One_layout_is_counted_exactly(string layout) => AssertExact(Start(layout));

    [Fact]
    public void All_layouts_in_three_processes_are_counted_exactly()
    {
        var pids = Start("seed=1", "unique", "duplicates", "zeros", "holes", "huge");
        pids.AddRange(Start("seed=2", "duplicates", "fork", "shared", "reserve", "zero-frame"));
        pids.AddRange(Start("seed=1", "unique", "private-file", "protected", "guard", "nearly"));
        AssertExact(pids);
    }

    [Fact]
    public void The_reference_tells_a_page_that_differs_by_one_bit()
    {
        // The positive control: a reference blind to small differences would agree with a blind estimator.
        var reference = BruteForceReference.Of(Start("nearly"));
        Assert.True(reference.Distinct >= 1024, $"{reference.Distinct} distinct contents");
    }

    [Fact]
    public void Shares_add_up_to_the_total()
    {
        var pids = Start("duplicates", "holes");
        pids.AddRange(Start("duplicates", "fork"));
        pids.AddRange(Start("guard", "fork"));
        var estimate = Estimate(pids);
        Assert.Equal(estimate.Totals.SavableBytes, estimate.Targets.Sum(target => target.AttributedBytes));
    }

    [Fact]
    public void The_matrix_counts_contents_in_common()
    {
        var pids = Start("seed=5", "duplicates");
        pids.AddRange(Start("seed=6", "duplicates", "unique"));
        var estimate = Estimate(pids);
        var matrix = estimate.Sharing.SharedContents;
        Assert.Equal(matrix[0][1], matrix[1][0]);
        Assert.InRange(matrix[0][1], 300, 300 + 60);
        Assert.True(matrix[1][1] >= 1800);
    }

    [Fact]
    public void The_map_says_where_duplicates_lie()
    {
        var estimate = Estimate(Start("duplicates"));
        var map = estimate.Targets[0].AddressMap;
        Assert.Equal(estimate.Totals.PresentPages, map.Sum(chunk => chunk.PresentPages));
        Assert.Equal(
            estimate.Totals.SavablePages + estimate.Totals.SharedContents, map.Sum(chunk => chunk.DuplicatePages));
    }

    [Fact]
    public void Huge_pages_and_what_would_be_split_are_counted()
    {
        var estimate = Estimate(Start("huge"));
        Assert.SkipUnless(
            File.ReadAllText("/sys/kernel/mm/transparent_hugepage/enabled").Contains("[never]", StringComparison.Ordinal) is false,
            "transparent huge pages are switched off on this machine");
        Assert.Equal(3, estimate.Totals.HugePages);
        Assert.Equal(3, estimate.Totals.HugePagesToSplit);
        Assert.Equal(2 * 512, estimate.Totals.HugePageDuplicatePages);
    }

    [Fact]
    public void Time_follows_present_pages_and_not_what_is_mapped()
    {
        var estimate = Estimate(Start("reserve"));
        Assert.True(estimate.Cost.CpuSeconds < 1, $"{estimate.Cost.CpuSeconds} CPU-seconds for 100 pages in 4 TiB");
    }

    [Fact]
    public void Comparing_bytes_confirms_every_duplicate()
    {
        var pids = Start("duplicates", "huge", "protected");
        var estimate = Estimate(pids, new EstimateOptions { Verify = true });
        Assert.Equal(0, estimate.Verification!.DifferentPages);
        Assert.Equal(estimate.Totals.SavablePages, estimate.Verification.ComparedPages);
    }

    [Fact]
    public void Pages_that_change_between_two_looks_are_volatile()
    {
        var child = Start("changing")[1];
        var estimate = Estimate([child], new EstimateOptions { Interval = TimeSpan.FromMilliseconds(200) });
        Assert.InRange(estimate.Totals.VolatilePages, 50, 50 + 5);
        Assert.Equal(450 - 100, estimate.Totals.SavablePages);
    }

    [Fact]
    public void A_second_look_at_quiet_programs_changes_nothing()
    {
        var pids = Start("duplicates", "fork", "huge", "zeros", "zero-frame");
        var once = Estimate(pids).Totals;
        var twice = Estimate(pids, new EstimateOptions { Interval = TimeSpan.FromMilliseconds(50) }).Totals;
        Assert.Equal(once, twice);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void The_number_of_workers_changes_nothing(int workers)
    {
        var pids = Start("duplicates", "fork", "huge", "zeros", "holes", "reserve");
        Assert.Equal(Estimate(pids).Totals, Estimate(pids, new EstimateOptions { Workers = workers }).Totals);
    }

    [Fact]
    public void What_cannot_be_merged_is_named_with_its_reason()
    {
        var estimate = Estimate(Start("shared", "shared-file"));
        var byReason = estimate.NotMergeable.ToDictionary(memory => memory.Reason, memory => memory.ResidentBytes);
        Assert.True(byReason[UnmergeableReason.SharedMemory] >= 850 * 4096, "two shared mappings and the clean part of a private one");
        Assert.True(byReason[UnmergeableReason.FileBacked] >= 400 * 4096);
        Assert.Contains(UnmergeableReason.Special, byReason.Keys);
    }

    private List<int> Start(params string[] layouts) => _programs.Start(layouts);

    private static Estimate Estimate(List<int> pids, EstimateOptions? options = null)
    {
        var proc = new ProcFs();
        var targets = pids.ConvertAll(pid => new TargetProcess(pid, ProcessStat.TryRead(proc, pid)!.StartTicks, "layouts"));
        return new Estimator(proc).Run(targets, options ?? new EstimateOptions(), null, CancellationToken.None);
    }

    private static void AssertExact(List<int> pids)
    {
        var reference = BruteForceReference.Of(pids);
        var estimate = Estimate(pids);
        AssertEqual(reference, estimate.Totals, "in total");
        AssertEqual(BruteForceReference.Of(pids), estimate.Totals, "in total, afterwards");
        for (var i = 0; i < pids.Count; i++)
        {
            AssertEqual(BruteForceReference.Of(pids[i]), estimate.Targets[i].Counts, $"target {i}");
        }
    }

    private static void AssertEqual(BruteForceReference expected, PageCounts actual, string where)
    {
        var counted = (actual.PresentPages, actual.ZeroPages, actual.DistinctPages, actual.SavablePages,
            actual.AlreadySharedPages, actual.KsmMergedPages, actual.SwappedPages, actual.SharedContents);
        Assert.True(expected.Counts == counted, $"{where}: the reference says {expected.Counts}, the estimate {counted}");
        Assert.True(expected.Present > 0, "nothing was there to count");
    }
}
