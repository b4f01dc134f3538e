using System.Diagnostics;
using Samepage.Estimating;
using Samepage.Governing;
using Samepage.Linux;
using Samepage.Linux.Proc;
using Samepage.Linux.Sys;

namespace Samepage.Scenarios.Trials;

/// <summary>What came of a demonstration.</summary>
/// <param name="Programs">What ran.</param>
/// <param name="Count">How many of them.</param>
/// <param name="Promise">What the estimate said.</param>
/// <param name="Achievement">What ksmd did; null where nothing could be merged.</param>
/// <param name="Content">What each program found in its memory at the end; null for one that did not answer.</param>
/// <param name="Missing">Why nothing could be merged, each with what would mend it; empty where it could.</param>
/// <param name="PutBack">Settings that an earlier run left changed, put back at the start of this one.</param>
/// <param name="CpuSeconds">CPU time of this process, start to end.</param>
/// <param name="WallSeconds">Time from start to end.</param>
public sealed record DemonstrationResult(
    RunningPrograms Programs, int Count, MergePromise Promise, MergeAchievement? Achievement,
    IReadOnlyList<ContentCheck?> Content, IReadOnlyList<string> Missing, IReadOnlyList<string> PutBack,
    double CpuSeconds, double WallSeconds)
{
    /// <summary>Every program answered and found its data unchanged.</summary>
    public bool IsContentUnchanged => Content.All(check => check is { IsUnchanged: true });
}

/// <summary>How a demonstration is made.</summary>
/// <param name="Programs">What to start.</param>
/// <param name="Interval">Time between two looks of the estimate; null for one look.</param>
/// <param name="Timeout">How long to wait for ksmd.</param>
/// <param name="StateDirectory">Where ksmd's settings are kept meanwhile.</param>
public sealed record DemonstrationOptions(
    ProgramRequest Programs, TimeSpan? Interval, TimeSpan Timeout, string StateDirectory);

/// <summary>
/// Starts real programs, promises, merges, checks and puts everything back: programs ended, ksmd's settings as found.
/// </summary>
/// <param name="proc">Where processes are looked up.</param>
/// <param name="ksm">ksmd's settings and counters.</param>
/// <param name="step">Told of each step, from several threads.</param>
/// <param name="detail">Told how a step goes on, several times a second.</param>
public sealed class Demonstration(
    ProcFs proc, KsmSysfs ksm, Action<string> step, Action<string> detail)
{
    /// <summary>Programs that have just read all their data come to rest.</summary>
    private static readonly TimeSpan s_rest = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan s_letGoPatience = TimeSpan.FromSeconds(10);

    private readonly MergeTrial _trial = new(proc, ksm);

    /// <summary>Runs it.</summary>
    /// <exception cref="ScenarioException">No program could be started.</exception>
    /// <exception cref="OperationCanceledException">It was called off; everything has been put back.</exception>
    /// <exception cref="LinuxException">The kernel refused something that it offered; everything has been put back.</exception>
    public DemonstrationResult Run(DemonstrationOptions options, CancellationToken cancel)
    {
        var watch = Stopwatch.StartNew();
        var cpuBefore = Environment.CpuUsage.TotalTime;
        var missing = Missing();
        var putBack = missing.Count == 0 ? SavedSettings.RestoreLeftBehind(ksm, options.StateDirectory, proc) : [];
        var settings = missing.Count == 0 ? TakeSettings(options, missing) : null;
        try
        {
            var programs = ProgramChoice.Start(options.Programs, step, cancel);
            using var fleet = programs.Fleet;
            var (promise, achievement, content) = Try(fleet, settings, options, missing, cancel);
            fleet.Dispose();
            PutBack(settings);
            return new DemonstrationResult(
                programs, fleet.Programs.Count, promise, achievement, content, missing, putBack,
                (Environment.CpuUsage.TotalTime - cpuBefore).TotalSeconds, watch.Elapsed.TotalSeconds);
        }
        finally
        {
            PutBack(settings);
        }
    }

    private (MergePromise, MergeAchievement?, IReadOnlyList<ContentCheck?>) Try(
        ProgramFleet fleet, SavedSettings? settings, DemonstrationOptions options, List<string> missing, CancellationToken cancel)
    {
        step("checking every program's data before");
        if (fleet.Verify(cancel).Any(check => check is not { IsUnchanged: true }))
        {
            throw new ScenarioException("a program's data were not what was loaded, before anything was merged");
        }

        cancel.WaitHandle.WaitOne(s_rest);
        cancel.ThrowIfCancellationRequested();
        step("estimating");
        var promise = _trial.Estimate(fleet.Programs, new EstimateOptions { Interval = options.Interval }, null, cancel);
        cancel.ThrowIfCancellationRequested();
        var achievement = settings is null ? null : Merge(fleet, settings, options.Timeout, missing, cancel);
        step("checking every program's data again");
        return (promise, achievement, fleet.Verify(cancel));
    }

    private MergeAchievement? Merge(
        ProgramFleet fleet, SavedSettings settings, TimeSpan timeout, List<string> missing, CancellationToken cancel)
    {
        step("opting the programs in and letting ksmd merge");
        try
        {
            var achievement = _trial.Merge(
                fleet.Programs, settings, timeout,
                (sample, verdict) => detail(FormattableString.Invariant($"{sample.SavedPages:N0} pages saved; {verdict.Reason}")),
                cancel);
            cancel.ThrowIfCancellationRequested();
            return achievement;
        }
        catch (OptInRefusedException refusal)
        {
            // An old kernel, or a sandbox that forbids tracing: the estimate stands all the same.
            missing.Add($"the opt-in of running programs: {refusal.Message}");
            return null;
        }
    }

    /// <summary>
    /// Programs have ended by now. ksmd scans on until it has dropped what it knew of them, and then is as it was.
    /// </summary>
    private void PutBack(SavedSettings? settings)
    {
        if (settings is { HasChanges: true })
        {
            step("putting ksmd's settings back");
            _trial.LetGo(s_letGoPatience);
        }

        settings?.Dispose();
    }

    private SavedSettings? TakeSettings(DemonstrationOptions options, List<string> missing)
    {
        try
        {
            return SavedSettings.Take(ksm, options.StateDirectory, proc);
        }
        catch (SettingsHeldException held)
        {
            missing.Add($"{held.Message}; wait for it");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            missing.Add($"a place to keep ksmd's settings meanwhile ({error.Message})");
        }

        return null;
    }

    private List<string> Missing()
    {
        if (!ksm.Exists)
        {
            return [$"KSM in the kernel (CONFIG_KSM; {ksm.Root} is not there)"];
        }

        return KernelFile.TryOpenForWriting($"{ksm.Root}/run") switch
        {
            Errno.None => [],
            Errno.EROFS => [$"a writable {ksm.Root} (it is mounted read-only, as in most containers)"],
            Errno.EACCES or Errno.EPERM => ["the right to start ksmd: run it as root"],
            var error => [$"access to {ksm.Root}/run ({error})"],
        };
    }
}
