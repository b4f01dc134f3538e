using System.Globalization;
using Samepage.Estimating;
using Samepage.Governing;
using Samepage.Linux.Proc;
using Samepage.Linux.Sys;
using Samepage.Scenarios.Running;
using Samepage.Scenarios.Trials;
using Samepage.Scenarios.Workers;

namespace Samepage.Scenarios.Ready;

/// <summary>
/// Guests and programs with little in common: the estimate says so beforehand, and where they are opted in all the same,
/// the governor finds out, stops spending, and says why.
/// </summary>
public sealed class UnlikeScenario : IScenario
{
    /// <summary>Past this part of the memory in common, programs are no example of unlike ones.</summary>
    internal const double CommonMax = 0.15;

    /// <summary>At rest ksmd may take so much of a core, and the tenth part of what it takes without a governor.</summary>
    private const double RestingMax = 0.01, RestingOfLooseMax = 0.1;

    /// <summary>What an interpreter takes beside its data.</summary>
    private const long OverheadBytes = 24L << 20;

    private static readonly TimeSpan s_letGoPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(150);

    /// <summary>How long to watch once the governor has come to rest.</summary>
    internal TimeSpan Rest { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How the governor is set; tests let it wait for nobody.</summary>
    internal GovernorOptions Governor { get; init; } = new();

    /// <summary>Told the programs once they are up: positive controls spoil their data later.</summary>
    internal Action<ProgramFleet>? Started { get; init; }

    /// <inheritdoc/>
    public string Name => "unlike";

    /// <inheritdoc/>
    public string Summary => "guests and programs with little in common: Samepage notices, spends next to nothing, and says why";

    /// <inheritdoc/>
    public ScenarioDefaults Defaults => new(6, 64L << 20) { ProgramsRange = (2, 32), ProgramBytesRange = (2L << 20, 1L << 30), KnowsUserEngine = false };

    /// <inheritdoc/>
    public IReadOnlyList<ScenarioLack> FindLacks(ScenarioRequest request)
    {
        List<ScenarioLack> lacks = [.. KernelLack.Find(new KsmSysfs(), request, new ProcFs())];
        if (WorkerInterpreter.Find().Count == 0)
        {
            lacks.Add(new ScenarioLack(ScenarioLackKind.Missing, "missing: perl or python3 (package perl-base or python3)"));
        }

        if (!OwnedProcess.CanBeOwned)
        {
            lacks.Add(new ScenarioLack(ScenarioLackKind.Missing, "missing: setpriv and setsid (package util-linux)"));
        }

        if (MemoryLack.Find(new ProcFs(), (request.Programs * (request.ProgramBytes + OverheadBytes)) + (256L << 20)) is { } memory)
        {
            lacks.Add(memory);
        }

        return lacks;
    }

    /// <inheritdoc/>
    public ScenarioResult Run(ScenarioRequest request, IScenarioView view, CancellationToken cancel)
    {
        var (proc, ksm, notes) = (new ProcFs(), new KsmSysfs(), new List<string>());
        var left = SavedSettings.RestoreLeftBehind(ksm, request.StateDirectory, proc);
        using var scan = Take(ksm, request, proc);
        using var watch = new FleetWatch(proc, view, 0);
        var trial = new MergeTrial(proc, ksm);
        var governed = new GovernedTrial(proc, ksm, scan, Governor);
        using var fleet = new ProgramFleet(UnlikePrograms.Make(request, notes.Add));
        var hasOptedIn = false;
        try
        {
            var promise = Prepare(fleet, trial, watch, view, cancel);
            view.Step("opting the programs in all the same, with the governor in charge of ksmd");
            hasOptedIn = true;
            trial.OptIn(fleet.Programs, cancel);
            var outcome = governed.Run(promise.Bytes, Rest, s_longest, (reason, saved, cpu) => Tell(view, watch, reason, saved, cpu), cancel);
            view.Step("checking every program's data again");
            var content = fleet.Verify(cancel);
            notes.AddRange(UnlikeNotes.Of(promise, outcome));
            notes.AddRange(left.Count > 0 ? [$"A run that was killed had left settings changed; put back: {string.Join(", ", left)}."] : []);
            return Result(request, fleet, content, promise, outcome, watch, notes);
        }
        catch (OptInRefusedException refusal)
        {
            throw new ScenarioException(refusal.Message);
        }
        finally
        {
            fleet.Dispose();
            if (hasOptedIn)
            {
                view.Step("putting ksmd's settings back");
                governed.LetLoose();
                trial.LetGo(s_letGoPatience);
            }
        }
    }

    private static KernelScan Take(KsmSysfs ksm, ScenarioRequest request, ProcFs proc)
    {
        try
        {
            return KernelScan.Take(ksm, request.StateDirectory, proc);
        }
        catch (SettingsHeldException held)
        {
            throw new ScenarioException($"{held.Message}; wait for it");
        }
    }

    private static void Tell(IScenarioView view, FleetWatch watch, string? reason, long savedPages, double cpuSeconds)
    {
        watch.Note(savedPages, cpuSeconds);
        if (reason is not null)
        {
            view.Step($"governor: {reason}");
        }
    }

    private MergePromise Prepare(ProgramFleet fleet, MergeTrial trial, FleetWatch watch, IScenarioView view, CancellationToken cancel)
    {
        view.Step(string.Create(CultureInfo.InvariantCulture, $"starting {fleet.Programs.Count} programs that have little in common, two at a time"));
        fleet.Start(
            program =>
            {
                watch.Add(program);
                view.Step(program.Description + " is up");
            },
            cancel);
        Started?.Invoke(fleet);
        view.Step("estimating");
        return trial.Estimate(fleet.Programs, new EstimateOptions(), null, cancel);
    }

    private ScenarioResult Result(
        ScenarioRequest request, ProgramFleet fleet, IReadOnlyList<ContentCheck?> content, MergePromise promise, GovernedOutcome outcome,
        FleetWatch watch, List<string> notes)
    {
        var verified = content.Count(check => check is { IsUnchanged: true });
        var isUnlike = promise.Pages < CommonMax * promise.Estimate.Totals.PresentPages;
        var isCheap = outcome.IsDone && outcome.RestingShare <= RestingMax && outcome.RestingShare <= RestingOfLooseMax * outcome.LooseShare;
        return new ScenarioResult(
            Name, ScenarioEngine.Kernel, "program", request.Programs, fleet.Programs.Count, verified,
            content.Count(check => check is { IsUnchanged: false }))
        {
            PeakBytes = watch.PeakBytes,
            SavedBytes = outcome.SavedPages * HostSample.PageSize,
            OracleBytes = promise.Bytes,
            CpuSeconds = outcome.KsmdCpuSeconds + outcome.OwnCpuSeconds + promise.Estimate.Cost.CpuSeconds,
            WallSeconds = watch.Seconds,
            IsGood = verified == fleet.Programs.Count && isUnlike && isCheap,
            Notes = notes,
            Series = watch.Series,
        };
    }
}
