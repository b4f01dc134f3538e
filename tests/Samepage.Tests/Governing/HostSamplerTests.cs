using Samepage.Governing;
using Samepage.Linux.Proc;
using Samepage.Linux.Sys;

namespace Samepage.Tests.Governing;

public sealed class HostSamplerTests : IDisposable
{
    private readonly TemporaryTree _tree = new();
    private readonly ManualClock _clock = new();

    public HostSamplerTests()
    {
        _tree["proc/meminfo"] = "MemTotal: 1000 kB\nMemAvailable: 400 kB\n";
        _tree["proc/pressure/cpu"] = "some avg10=12.50 avg60=0.00 avg300=0.00 total=1\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n";
        _tree["proc/pressure/memory"] = "some avg10=3.25 avg60=0.00 avg300=0.00 total=1\nfull avg10=1.00 avg60=0.00 avg300=0.00 total=0\n";
        _tree["proc/stat"] = "cpu  100 20 30 4000 500 6 7 8 90 9\ncpu0 50 10 15 2000 250 3 4 4 45 5\ncpu1 50 10 15 2000 250 3 3 4 45 4\nintr 1 2 3\n";
        _tree["proc/40/stat"] = "40 (ksmd) S 2 0 0 0 -1 2097152 0 0 0 0 0 700 0 0 25 5 1 0 5 0 0";
        _tree["proc/40/schedstat"] = "6543210987 11 12\n";
        foreach (var (file, value) in new[] { ("full_scans", 7), ("pages_scanned", 900), ("pages_sharing", 50), ("pages_shared", 5), ("pages_unshared", 30), ("pages_volatile", 15), ("ksm_zero_pages", 2), ("general_profit", -64), ("sleep_millisecs", 20) })
        {
            _tree[$"ksm/{file}"] = $"{value}\n";
        }

        Guest(100, "yes", 3_000, 1_000);
        Guest(101, "no", 9_000, 1_000);
    }

    public void Dispose() => _tree.Dispose();

    [Fact]
    public void A_sample_holds_what_the_files_say() => Assert.Equal(
        new HostSample(TimeSpan.Zero, 7, 900, 52, 100, -64, 6_543_210_987, 12.5, 3.25, 400 * 1024, 1000 * 1024, 2_000 * 4096, 1, 77, true, 1_710_000_000, 2, 20),
        Sampler().Take(77, isGrowthHeld: true));

    [Fact]
    public void What_is_missing_counts_as_unknown()
    {
        Directory.Delete(_tree.PathOf("proc/pressure"), recursive: true);
        Directory.Delete(_tree.PathOf("proc/40"), recursive: true);
        _tree.Remove("ksm/pages_scanned");
        _tree.Remove("proc/stat");
        Assert.True(Sampler().Take() is
        {
            CpuPressure: 0, MemoryPressure: 0, KsmdCpuNanoseconds: null, PagesScanned: null, BusyCpuNanoseconds: null, Processors: 1,
        });
    }

    [Fact]
    public void Without_schedstat_ksmd_s_time_comes_in_ticks()
    {
        _tree.Remove("proc/40/schedstat");
        Assert.Equal(7_000_000_000, Sampler().Take().KsmdCpuNanoseconds);
    }

    [Fact]
    public void Newcomers_are_found_within_two_seconds_and_leavers_forgotten()
    {
        var sampler = Sampler();
        Assert.Equal(1, sampler.Take().EligibleProcesses);
        Guest(102, "yes", 500, 0);
        Assert.Equal(1, sampler.Take().EligibleProcesses);
        _clock.Advance(TimeSpan.FromSeconds(2));
        Assert.True(sampler.Take() is { EligibleProcesses: 2, EligibleBytes: 2_500 * 4096 });
        Directory.Delete(_tree.PathOf("proc/100"), recursive: true);
        _clock.Advance(TimeSpan.FromSeconds(2));
        Assert.True(sampler.Take() is { EligibleProcesses: 1, EligibleBytes: 500 * 4096 });
    }

    [Fact]
    public void Who_opts_in_late_is_found_at_the_eighth_look_at_the_latest()
    {
        var survey = new EligibleSurvey(new ProcFs(_tree.PathOf("proc")));
        for (var look = 0; look < 40; look++)
        {
            Assert.Equal(1, survey.Look().Processes);
        }

        Guest(101, "yes", 9_000, 1_000);
        Assert.Contains(2, Enumerable.Range(0, 8).Select(_ => survey.Look().Processes));
    }

    [Theory]
    [InlineData("some avg10=1.50 avg60=0 avg300=0 total=1\nfull avg10=0.25 avg60=0 avg300=0 total=1\n", 1.5, 0.25)]
    [InlineData("some avg10=100.00 avg60=0 avg300=0 total=1\n", 100.0, 0.0)]
    [InlineData("", null, null)]
    [InlineData("full avg10=1.00 x\n", null, null)]
    [InlineData("some avg10=x\n", null, null)]
    public void Pressure_is_read(string text, double? some, double? full)
    {
        var stall = PressureStall.Parse(text);
        Assert.Equal((some, full), (stall?.SomePercent, stall?.FullPercent));
    }

    [Theory]
    [InlineData("cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1 2 3 4 5 6 7 8 9 10\n", 270_000_000L, 1)]
    [InlineData("cpu  1 2 3 4\ncpu0 1 2 3 4\ncpu1 0 0 0 0\nintr 0\ncpu2 9\n", 60_000_000L, 2)]
    [InlineData("cpu  1 2 3\ncpu0 1 2 3\n", null, null)]
    [InlineData("cpu  1 2 3 4 5\n", null, null)]
    [InlineData("cpu  x\ncpu0 1\n", null, null)]
    [InlineData("intr 1\n", null, null)]
    [InlineData("", null, null)]
    public void Processors_time_is_read(string text, long? busyNanoseconds, int? processors)
    {
        var times = CpuTimes.Parse(text);
        Assert.Equal((busyNanoseconds, processors), (times?.BusyNanoseconds, times?.Processors));
    }

    private HostSampler Sampler() => new(new ProcFs(_tree.PathOf("proc")), new KsmSysfs(_tree.PathOf("ksm")), new KsmdThread(new ProcFs(_tree.PathOf("proc"))), _clock);

    private void Guest(int pid, string mergeable, int resident, int shared)
    {
        _tree[$"proc/{pid}/stat"] = $"{pid} (qemu) S 1 0 0 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 99 0 0";
        _tree[$"proc/{pid}/ksm_stat"] = $"ksm_rmap_items 0\nksm_merge_any: no\nksm_mergeable: {mergeable}\n";
        _tree[$"proc/{pid}/statm"] = $"90000 {resident} {shared} 1 0 2 0\n";
    }

    private sealed class ManualClock : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Advance(TimeSpan time) => _ticks += time.Ticks;
    }
}
