using System.Diagnostics;
using Samepage.Linux;
using Samepage.Linux.Memory;
using Samepage.Linux.Proc;
using Samepage.Pages;
using Samepage.Targets;

namespace Samepage.Estimating;

/// <summary>
/// Looks at processes and says what merging would save. Reads only: nothing is stopped, nothing in a target changes but
/// the accessed bits of the pages read.
/// </summary>
/// <remarks>
/// One pass: every anonymous private page that is present is copied out and fingerprinted by workers, target by target;
/// a <see cref="PageCounter"/> takes the counts from an index of distinct fingerprints. With an interval a first pass
/// remembers what each page held; with verification a last pass compares bytes. One run at a time for each instance.
/// </remarks>
/// <param name="proc">The process file system to look in.</param>
public sealed class Estimator(ProcFs proc)
{
    private const int WorkersMax = 4;
    private static readonly TimeSpan s_progressPeriod = TimeSpan.FromMilliseconds(200);

    /// <summary>Makes an estimate. Cancellation does not throw: what was found by then comes back, marked partial.</summary>
    /// <param name="targets">The processes to look at.</param>
    /// <param name="options">How to look.</param>
    /// <param name="progress">Told a few times a second; may be null.</param>
    /// <param name="cancel">Ends the look early.</param>
    /// <exception cref="LinuxException">No target may be read; the error says why.</exception>
    public Estimate Run(
        IReadOnlyList<TargetProcess> targets, EstimateOptions options,
        IProgress<EstimateProgress>? progress, CancellationToken cancel)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.SampleOneIn, 1);
        var watch = Stopwatch.StartNew();
        var cpuBefore = Environment.CpuUsage.TotalTime;
        using var hasher = new PageHasher();
        var look = new Look(proc, targets, hasher, options, progress, cancel);
        var framesHidden = options.WithoutFrameNumbers || !CanSeeFrames();
        PageCounter NewCounter(FirstLook? firstLook) => new(hasher.ZeroFingerprint, options.SampleOneIn, firstLook, framesHidden);
        using var firstCounter = options.Interval is null ? null : NewCounter(null);
        using var firstLook = firstCounter is null ? null : new FirstLook(firstCounter);
        var isSecondLookMissing = firstLook is not null && !RunFirstLook(look, firstLook, firstCounter!, options.Interval!.Value, cancel);
        using var secondCounter = isSecondLookMissing ? null : NewCounter(firstLook);
        if (secondCounter is not null)
        {
            // What the first look counted is not needed any more, and takes as much memory as this look will.
            firstCounter?.Dispose();
            look.Run(EstimatePhase.Reading, secondCounter, secondCounter);
        }

        var counter = secondCounter ?? firstCounter!;
        var verification = options.Verify ? Verify(look, counter, targets) : null;
        var cost = new EstimateCost(
            (Environment.CpuUsage.TotalTime - cpuBefore).TotalSeconds, watch.Elapsed.TotalSeconds,
            look.PagesRead, PeakRssBytes());
        var estimate = new EstimateBuilder(counter, targets, look.Notes).Build(cost, verification, cancel.IsCancellationRequested);
        return estimate with { IsSecondLookMissing = isSecondLookMissing };
    }

    private static int WorkerCount(EstimateOptions options) =>
        options.Workers > 0 ? options.Workers : Math.Min(Environment.ProcessorCount, WorkersMax);

    /// <summary>The first look and the wait behind it.</summary>
    /// <returns>False where the look was cancelled in it: what it counted is the result.</returns>
    private static bool RunFirstLook(
        Look look, FirstLook first, PageCounter counter, TimeSpan interval, CancellationToken cancel)
    {
        look.Run(EstimatePhase.FirstLook, first, counter);
        look.Report(EstimatePhase.Waiting, 0, 0, 0);
        return !cancel.WaitHandle.WaitOne(interval);
    }

    private VerificationResult Verify(Look look, PageCounter counter, IReadOnlyList<TargetProcess> targets)
    {
        using var verifier = new Verifier(proc, targets, counter);
        look.Run(EstimatePhase.Verifying, verifier, counter);
        return verifier.Result;
    }

    /// <summary>Frame numbers read as zero without CAP_SYS_ADMIN: look at a page of our own that surely has one.</summary>
    private unsafe bool CanSeeFrames()
    {
        using var page = new AnonymousMemory(AnonymousMemory.PageSize, hugePages: false);
        *page.Data = 1;
        using var own = new PageMap(new ProcFs(proc.Root), Environment.ProcessId);
        Span<PageMapEntry> entry = stackalloc PageMapEntry[1];
        return own.Read((ulong)page.Data, entry) == 1 && entry[0].FrameNumber != 0;
    }

    private long PeakRssBytes() =>
        KeyedText.Parse(proc.TryRead(Environment.ProcessId, "status") ?? "").Bytes("VmHWM") ?? 0;

    /// <summary>What the passes of one estimate have in common.</summary>
    private sealed class Look(
        ProcFs proc, IReadOnlyList<TargetProcess> targets, PageHasher hasher, EstimateOptions options,
        IProgress<EstimateProgress>? progress, CancellationToken cancel)
    {
        private readonly long _pagesExpected = progress is null ? 0 : targets.Sum(target => AnonymousPages(proc, target.Pid));

        public long PagesRead { get; private set; }

        public string?[] Notes { get; private set; } = [];

        public void Report(EstimatePhase phase, long done, long total, long savable) =>
            progress?.Report(new EstimateProgress(phase, done, total, savable));

        /// <summary>One pass over all targets.</summary>
        public void Run(EstimatePhase phase, IChunkVisitor visitor, PageCounter counter)
        {
            var queue = new ChunkQueue(proc, targets, visitor, !options.WithoutScan, cancel);
            var workers = Enumerable.Range(0, WorkerCount(options)).Select(_ => new ScanWorker(hasher, visitor)).ToArray();
            try
            {
                RunWorkers(workers, queue, () =>
                {
                    var done = workers.Sum(worker => worker.PagesSeen);
                    Report(phase, done, Math.Max(done, _pagesExpected), counter.Total.EstimateSavable(counter.Sampler));
                });
                PagesRead += workers.Sum(worker => worker.PagesRead);
            }
            finally
            {
                queue.Dispose();
                Array.ForEach(workers, worker => worker.Dispose());
            }

            Notes = [.. queue.Notes.Select((note, i) => note ?? (i < Notes.Length ? Notes[i] : null))];
            if (queue.Opened == 0 && queue.FirstFailure is { } failure)
            {
                throw failure;
            }
        }

        /// <summary>
        /// Runs workers to their end. Whatever fails, a report to a terminal that is gone included, no thread is left
        /// behind when this returns: workers write to buffers that the caller unmaps.
        /// </summary>
        private static void RunWorkers(ScanWorker[] workers, ChunkQueue queue, Action report)
        {
            Exception? failure = null;
            var threads = Array.ConvertAll(workers, worker => new Thread(() =>
            {
                try
                {
                    worker.Run(queue);
                }
                catch (Exception error)
                {
                    Interlocked.CompareExchange(ref failure, error, null);
                    queue.Abandon();
                }
            })
            { IsBackground = true, Name = "samepage-scan" });
            Array.ForEach(threads, thread => thread.Start());
            try
            {
                foreach (var thread in threads)
                {
                    while (!thread.Join(s_progressPeriod))
                    {
                        report();
                    }
                }
            }
            catch
            {
                queue.Abandon();
                Array.ForEach(threads, thread => thread.Join());
                throw;
            }

            report();
            if (failure is not null)
            {
                throw new InvalidOperationException($"a scan worker failed: {failure.Message}", failure);
            }
        }

        private static long AnonymousPages(ProcFs proc, int pid) =>
            (KeyedText.Parse(proc.TryRead(pid, "status") ?? "").Bytes("RssAnon") ?? 0) / AnonymousMemory.PageSize;
    }
}
