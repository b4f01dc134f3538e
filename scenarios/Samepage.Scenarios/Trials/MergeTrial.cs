using System.Diagnostics;
using System.Globalization;
using Samepage.Estimating;
using Samepage.Governing;
using Samepage.Linux.Proc;
using Samepage.Linux.Sys;
using Samepage.Merging.Kernel;
using Samepage.Targets;

namespace Samepage.Scenarios.Trials;

/// <summary>
/// Holds an estimate against what ksmd then achieves on the same programs: estimate them, opt them in, wait until
/// ksmd has converged, count. Not thread-safe.
/// </summary>
/// <param name="proc">Where processes are looked up.</param>
/// <param name="ksm">ksmd's settings and counters.</param>
public sealed class MergeTrial(ProcFs proc, KsmSysfs ksm)
{
    private const long DefaultSharingMax = 256;

    /// <summary>Two passes over what others have in there take far less at this pace.</summary>
    private static readonly TimeSpan s_settlePatience = TimeSpan.FromSeconds(10);

    /// <summary>How fast ksmd is set to scan: 10 GB a second at most, so that the sleeps between do not count.</summary>
    public const int PagesToScan = 50_000;

    /// <summary>Pause between two batches.</summary>
    public const int SleepMilliseconds = 20;

    /// <summary>Estimates the programs, by the rules of this host.</summary>
    /// <param name="programs">Running programs.</param>
    /// <param name="options">How to look.</param>
    /// <param name="progress">Told a few times a second; may be null.</param>
    /// <param name="cancel">Ends the look early: the promise is then of a part only.</param>
    public MergePromise Estimate(
        IReadOnlyList<ScenarioProgram> programs, EstimateOptions options,
        IProgress<EstimateProgress>? progress, CancellationToken cancel)
    {
        var estimate = new Estimator(proc).Run(Targets(programs), options, progress, cancel);
        return MergePromise.From(
            estimate, ksm.Number("use_zero_pages") == 1, ksm.Number("max_page_sharing") ?? DefaultSharingMax);
    }

    /// <summary>Opts the programs in, sets ksmd to a quick pace, and waits until it has converged or the time is up.</summary>
    /// <param name="programs">Running programs.</param>
    /// <param name="settings">Changes ksmd's settings; the caller puts them back.</param>
    /// <param name="timeout">The longest wait.</param>
    /// <param name="progress">Told of every look at ksmd; may be null.</param>
    /// <param name="cancel">Ends the wait early.</param>
    /// <exception cref="Linux.LinuxException">The kernel refused a setting.</exception>
    /// <exception cref="OptInRefusedException">A program could not be opted in.</exception>
    public MergeAchievement Merge(
        IReadOnlyList<ScenarioProgram> programs, SavedSettings settings, TimeSpan timeout,
        Action<ConvergenceSample, ConvergenceVerdict>? progress, CancellationToken cancel)
    {
        SetPace(settings);
        LetGo(s_settlePatience);
        var watch = Stopwatch.StartNew();
        var before = Reading.Take(this, programs);
        OptIn(programs, cancel);
        var verdict = new ConvergenceWaiter(ksm).Wait(timeout, progress, cancel);
        var after = Reading.Take(this, programs);
        var hadOthers = before.Tracked > 0;
        var merged = hadOthers
            ? after.Merging - before.Merging - (after.Shared - before.Shared)
            : after.Sharing - before.Sharing;
        var zeroed = programs.Any(program => program.IsRestless)
            ? after.ZeroPages - before.ZeroPages
            : before.AnonymousPages - after.AnonymousPages;
        return new MergeAchievement(
            merged, zeroed, verdict, after.FullScans - before.FullScans,
            after.KsmdCpuSeconds - before.KsmdCpuSeconds, watch.Elapsed.TotalSeconds, hadOthers);
    }

    /// <summary>
    /// Waits until ksmd has dropped what it knows of processes that have ended: it keeps their stable pages until it
    /// next comes by, and would for ever once it stands still.
    /// </summary>
    public void LetGo(TimeSpan patience)
    {
        var waited = Stopwatch.StartNew();
        for (var passes = ksm.FullScans; ksm.IsRunning && waited.Elapsed < patience; Thread.Sleep(SleepMilliseconds))
        {
            // Whoever else has pages in there keeps the counters from zero; two passes have then seen everything.
            if (ksm.RmapItems == 0 || ksm.FullScans - passes > 2)
            {
                return;
            }
        }
    }

    /// <summary>Opts the programs in; what ksmd then does is another matter.</summary>
    /// <exception cref="OptInRefusedException">A program could not be opted in.</exception>
    internal void OptIn(IReadOnlyList<ScenarioProgram> programs, CancellationToken cancel)
    {
        foreach (var outcome in new KernelEngine(proc).Enable(Targets(programs), dryRun: false, cancel))
        {
            if (outcome.Outcome is not (InjectionOutcome.Done or InjectionOutcome.Already or InjectionOutcome.Cancelled))
            {
                throw new OptInRefusedException($"process {outcome.Target.Pid} ({outcome.Target.Name}) {outcome.Reason}");
            }
        }
    }

    private ProcFs Proc => proc;

    private KsmSysfs Ksm => ksm;

    private TargetProcess[] Targets(IReadOnlyList<ScenarioProgram> programs) =>
        [.. new TargetResolver(proc).Resolve(new TargetQuery { Pids = [.. programs.SelectMany(program => program.Pids)] })];

    /// <summary>Without smart scan three passes without growth prove convergence, and no page is left out.</summary>
    private void SetPace(SavedSettings settings)
    {
        (string File, string Value)[] pace =
        [
            ("advisor_mode", "none"), ("smart_scan", "0"), ("pages_to_scan", Text(PagesToScan)),
            ("sleep_millisecs", Text(SleepMilliseconds)), ("run", "1"),
        ];
        foreach (var (file, value) in pace)
        {
            // Older kernels lack the first two, and so the reason to set them.
            if (File.Exists($"{ksm.Root}/{file}"))
            {
                settings.Set(file, value);
            }
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>What is counted before and after.</summary>
    private sealed record Reading(
        long Tracked, long Shared, long Sharing, long Merging, long AnonymousPages, long ZeroPages, long FullScans, double KsmdCpuSeconds)
    {
        public static Reading Take(MergeTrial trial, IReadOnlyList<ScenarioProgram> programs) => new(
            trial.Ksm.RmapItems, trial.Ksm.PagesShared, trial.Ksm.PagesSharing,
            programs.SelectMany(program => program.Pids).Sum(pid => KsmStat.TryRead(trial.Proc, pid)?.MergingPages ?? 0),
            programs.SelectMany(program => program.Pids).Sum(pid => AnonymousPagesOf(trial.Proc, pid)),
            trial.Ksm.ZeroPages,
            trial.Ksm.FullScans, new MergingReader(trial.Proc, trial.Ksm).ReadHost().KsmdCpuSeconds ?? 0);

        private static long AnonymousPagesOf(ProcFs proc, int pid) =>
            (KeyedText.Parse(proc.TryRead(pid, "status") ?? "").Bytes("RssAnon") ?? 0) / 4096;
    }
}

/// <summary>A program could not be opted in to merging.</summary>
/// <param name="message">Which one, and why.</param>
public sealed class OptInRefusedException(string message) : Exception(message);
