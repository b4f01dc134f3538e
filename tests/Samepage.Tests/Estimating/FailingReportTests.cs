using Samepage.Estimating;
using Samepage.Linux;
using Samepage.Linux.Proc;
using Samepage.Targets;

namespace Samepage.Tests.Estimating;

public sealed class FailingReportTests
{
    [Fact]
    public void A_report_that_fails_leaves_no_thread_behind()
    {
        // A terminal that is gone fails the first write of the progress bar, while workers are at work: here on enough
        // memory of our own that reading it takes longer than the time to the first report. What must not happen is
        // that they go on in buffers that are unmapped: the process would end with SIGSEGV.
        var memory = GC.AllocateUninitializedArray<byte>(1 << 30, pinned: true);
        for (var i = 0; i < memory.Length; i += 4096)
        {
            memory[i] = (byte)(i >> 12);
        }

        var proc = new ProcFs();
        var pid = Environment.ProcessId;
        var target = new TargetProcess(pid, ProcessStat.TryRead(proc, pid)!.StartTicks, "self");
        var failure = Assert.Throws<IOException>(() => new Estimator(proc).Run(
            [target, target, target, target], new EstimateOptions { Workers = 3 }, new Failing(), CancellationToken.None));

        // The kernel may show a thread a moment longer than it runs; one that was left at work goes on for much longer.
        _ = SpinWait.SpinUntil(() => Left() == 0, TimeSpan.FromMilliseconds(50));
        var left = Left();
        GC.KeepAlive(memory);
        Assert.Equal("the terminal is gone", failure.Message);
        Assert.Equal(0, left);
    }

    private static int Left() => Directory.GetDirectories("/proc/self/task")
        .Select(task => KernelFile.TryReadText(task + "/comm")?.Trim()).Count(name => name == "samepage-scan");

    private sealed class Failing : IProgress<EstimateProgress>
    {
        public void Report(EstimateProgress value) => throw new IOException("the terminal is gone");
    }
}
