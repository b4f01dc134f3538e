using System.Text;
using Samepage.Linux.Proc;
using Samepage.Server.Loop;

namespace Samepage.Tests.Serving;

public sealed class EstimatePromiseTests : IDisposable
{
    private const long MiB = 1 << 20;
    private readonly TemporaryTree _tree = new();
    private readonly SteppedClock _clock = new();
    private readonly EstimatePromise _promise;

    public EstimatePromiseTests()
    {
        _promise = new EstimatePromise(new ProcFs(_tree.PathOf("proc")), _clock);
        _tree["proc/7/ksm_stat"] = "ksm_rmap_items 0\nksm_merging_pages 0\nksm_process_profit 0\nksm_merge_any: yes\nksm_mergeable: no\n";
        _tree["proc/8/ksm_stat"] = "ksm_rmap_items 0\nksm_merging_pages 0\nksm_process_profit 0\nksm_merge_any: no\nksm_mergeable: no\n";
    }

    public void Dispose() => _tree.Dispose();

    [Fact]
    public void What_was_saved_since_is_no_longer_promised()
    {
        Assert.Null(_promise.Left(5 * MiB));
        _promise.Note(Estimate(7));
        Assert.Equal(110 * MiB, _promise.Left(5 * MiB));
        Assert.Equal(80 * MiB, _promise.Left(35 * MiB));
        Assert.Equal(0, _promise.Left(500 * MiB));
        Assert.Equal(110 * MiB, _promise.Left(MiB));
    }

    [Fact]
    public void It_is_good_for_a_while_and_a_newer_one_takes_its_place()
    {
        _promise.Note(Estimate(7));
        _ = _promise.Left(0);
        _promise.Note(Estimate(7));
        Assert.Equal(110 * MiB, _promise.Left(200 * MiB));
        _clock.Advance(EstimatePromise.GoodFor);
        Assert.Null(_promise.Left(0));
    }

    [Fact]
    public void Programs_that_ksmd_does_not_merge_promise_it_nothing()
    {
        _promise.Note(Estimate(7, 8));
        _promise.Note(Estimate(99));
        _promise.Note("{\"totals\": 5}"u8.ToArray());
        _promise.Note("no estimate"u8.ToArray());
        Assert.Null(_promise.Left(0));
    }

    private static byte[] Estimate(params int[] pids) => Encoding.UTF8.GetBytes(
        $$"""{"schema": "samepage.estimate/1", "totals": {"savable_bytes": {{100 * MiB}}, "zero_savable_bytes": {{10 * MiB}}}, "targets": [{{string.Join(", ", pids.Select(pid => $$"""{"pid": {{pid}}}"""))}}]}""");
}
