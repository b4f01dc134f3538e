using CsCheck;
using Samepage.Governing;
using Samepage.Linux.Proc;

namespace Samepage.Tests.Governing;

public sealed class ObservationStoreTests : IDisposable
{
    private static readonly Observation s_example = new(
        new ConvergenceMemory(
            new ConvergenceSample(DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_123), true, 1829, 8005, 16052, 2502126),
            1828, 8005, 16052, long.MinValue, true),
        45.61);

    private readonly TemporaryTree _tree = new();

    public ObservationStoreTests() => _tree["proc/sys/kernel/random/boot_id"] = "one\n";

    private ObservationStore Store => new(_tree.PathOf("run/samepage"), new ProcFs(_tree.PathOf("proc")));

    private string File => _tree.PathOf("run/samepage/ksmd-observation");

    [Fact]
    public void What_was_kept_comes_back_and_nothing_else_lies_about()
    {
        Assert.Null(Store.TryRead());
        Store.TryWrite(s_example);
        Store.TryWrite(s_example);
        Assert.Equal(s_example, Store.TryRead());
        Assert.Equal([File], Directory.GetFiles(Path.GetDirectoryName(File)!));
        Store.Forget();
        Assert.Null(Store.TryRead());
        Store.Forget();
    }

    [Fact]
    public void Another_boot_knows_nothing()
    {
        Store.TryWrite(s_example);
        _tree["proc/sys/kernel/random/boot_id"] = "two\n";
        Assert.Null(Store.TryRead());
    }

    [Fact]
    public void Unseen_ksmd_stays_unseen()
    {
        Store.TryWrite(s_example with { KsmdCpuSeconds = null });
        Assert.Null(Store.TryRead()!.KsmdCpuSeconds);
    }

    [Fact]
    public void A_place_that_cannot_be_written_is_no_obstacle()
    {
        _tree["run"] = "a file";
        Store.TryWrite(s_example);
        Assert.Null(Store.TryRead());
        new ObservationStore(null, new ProcFs()).TryWrite(s_example);
        Assert.Null(new ObservationStore(null, new ProcFs()).TryRead());
    }

    [Theory]
    [InlineData("quiet_since_full_scans 1828", "quiet_since_full_scans 1900")]
    [InlineData("saved_pages 8005", "saved_pages -1")]
    [InlineData("tracked_pages 16052", "tracked_pages x")]
    [InlineData("taken_at_milliseconds 1700000000123", "taken_at_milliseconds 9700000000123")]
    [InlineData("samepage.observation/1", "samepage.observation/2")]
    [InlineData("full_scans 1829\n", "")]
    public void What_makes_no_sense_is_nothing(string from, string to)
    {
        Store.TryWrite(s_example);
        var text = System.IO.File.ReadAllText(File);
        Assert.Contains(from, text);
        System.IO.File.WriteAllText(File, text.Replace(from, to));
        Assert.Null(Store.TryRead());
    }

    [Fact]
    public void Garbage_is_never_fatal()
    {
        Store.TryWrite(s_example);
        var whole = System.IO.File.ReadAllText(File);
        Gen.Select(Gen.Int[0, whole.Length], Gen.Int[0, 40], Gen.String).Sample((at, length, shard) =>
        {
            System.IO.File.WriteAllText(File, whole[..at] + shard + whole[Math.Min(whole.Length, at + length)..]);
            var read = Store.TryRead();
            _ = new ConvergenceTracker(read?.Memory).Observe(s_example.Memory.Last);
        }, iter: 3_000, threads: 1);
    }

    public void Dispose() => _tree.Dispose();
}
