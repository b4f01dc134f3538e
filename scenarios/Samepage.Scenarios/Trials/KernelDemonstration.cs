using Samepage.Estimating;
using Samepage.Governing;
using Samepage.Linux;
using Samepage.Linux.Proc;
using Samepage.Linux.Sys;

namespace Samepage.Scenarios.Trials;

/// <summary>Merges with ksmd: programs are opted in where they run, and ksmd's settings are as found afterwards.</summary>
/// <param name="proc">Where processes are looked up.</param>
/// <param name="ksm">ksmd's settings and counters.</param>
/// <param name="step">Told of each step, from several threads.</param>
/// <param name="detail">Told how a step goes on, several times a second.</param>
public sealed class KernelDemonstration(
    ProcFs proc, KsmSysfs ksm, Action<string> step, Action<string> detail) : Demonstration(step)
{
    private static readonly TimeSpan s_letGoPatience = TimeSpan.FromSeconds(10);

    private readonly MergeTrial _trial = new(proc, ksm);
    private readonly KsmdThread _ksmd = new(proc);
    private double _ksmdCpuBefore;

    /// <inheritdoc/>
    public override DemonstrationResult Run(DemonstrationOptions options, CancellationToken cancel)
    {
        Missing.AddRange(FindMissing(ksm));
        var canMerge = Missing.Count == 0;
        var putBack = canMerge ? SavedSettings.RestoreLeftBehind(ksm, options.StateDirectory, proc) : [];
        var settings = canMerge ? TakeSettings(options) : null;
        try
        {
            var programs = options.Start(options.Programs, Step, cancel);
            using var fleet = programs.Fleet;
            var (promise, achievement, content) = Try(
                fleet, () => _trial.Estimate(fleet.Programs, new EstimateOptions { Interval = options.Interval }, null, cancel),
                () => settings is null ? null : Merge(fleet, settings, options, cancel), cancel);
            fleet.Dispose();
            PutBack(settings);
            return Result("kernel", programs, promise, achievement, content, putBack);
        }
        finally
        {
            PutBack(settings);
        }
    }

    private MergeAchievement? Merge(
        ProgramFleet fleet, SavedSettings settings, DemonstrationOptions options, CancellationToken cancel)
    {
        Step("opting the programs in and letting ksmd merge");
        _ksmdCpuBefore = _ksmd.CpuSeconds ?? 0;
        try
        {
            return _trial.Merge(
                fleet.Programs, settings, options.Timeout,
                (sample, verdict) =>
                {
                    detail(FormattableString.Invariant($"{sample.SavedPages:N0} pages saved; {verdict.Reason}"));
                    options.Progress?.Invoke(sample.SavedPages, (_ksmd.CpuSeconds ?? 0) - _ksmdCpuBefore);
                },
                cancel);
        }
        catch (OptInRefusedException refusal)
        {
            // An old kernel, or a sandbox that forbids tracing: the estimate stands all the same.
            Missing.Add($"the opt-in of running programs: {refusal.Message}");
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
            Step("putting ksmd's settings back");
            _trial.LetGo(s_letGoPatience);
        }

        settings?.Dispose();
    }

    private SavedSettings? TakeSettings(DemonstrationOptions options)
    {
        try
        {
            return SavedSettings.Take(ksm, options.StateDirectory, proc);
        }
        catch (SettingsHeldException held)
        {
            Missing.Add($"{held.Message}; wait for it");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Missing.Add($"a place to keep ksmd's settings meanwhile ({error.Message})");
        }

        return null;
    }

    /// <summary>What keeps ksmd from being driven here, each with what would mend it; empty where nothing does.</summary>
    internal static IReadOnlyList<string> FindMissing(KsmSysfs ksm)
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
