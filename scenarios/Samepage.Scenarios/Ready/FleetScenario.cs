using Samepage.Linux.Proc;
using Samepage.Linux.Sys;
using Samepage.Scenarios.Running;
using Samepage.Scenarios.Trials;
using Samepage.Scenarios.Users;

namespace Samepage.Scenarios.Ready;

/// <summary>
/// A scenario of equal programs: they are started, their saving is promised, they are merged by the engine asked, and they
/// check what they hold before and after.
/// </summary>
public abstract class FleetScenario : IScenario
{
    /// <summary>Below this part of the promise merging did not come out as promised.</summary>
    private const double PromiseMin = 0.9;

    private static readonly TimeSpan s_timeout = TimeSpan.FromMinutes(3);

    /// <inheritdoc/>
    public abstract string Name { get; }

    /// <inheritdoc/>
    public abstract string Summary { get; }

    /// <inheritdoc/>
    public abstract ScenarioDefaults Defaults { get; }

    /// <summary>What its programs are, in one word.</summary>
    private protected abstract string Kind { get; }

    /// <summary>Time between the two looks of the estimate; null for one look at programs that are still.</summary>
    private protected virtual TimeSpan? Interval => null;

    /// <summary>What a program takes beside its data.</summary>
    private protected abstract long OverheadBytes { get; }

    /// <summary>Told the programs once they are up: positive controls spoil their data later.</summary>
    internal Action<ProgramFleet>? Started { get; init; }

    /// <inheritdoc/>
    public IReadOnlyList<ScenarioLack> FindLacks(ScenarioRequest request)
    {
        var lacks = FindMissing(request).Select(what => new ScenarioLack(ScenarioLackKind.Missing, "missing: " + what)).ToList();
        if (request.Engine == ScenarioEngine.Kernel)
        {
            lacks.AddRange(KernelLack.Find(new KsmSysfs(), request, new ProcFs()));
        }

        if (MemoryLack.Find(new ProcFs(), request.Programs * (request.ProgramBytes + OverheadBytes)) is { } memory)
        {
            lacks.Add(memory);
        }

        return lacks;
    }

    /// <inheritdoc/>
    public ScenarioResult Run(ScenarioRequest request, IScenarioView view, CancellationToken cancel)
    {
        var proc = new ProcFs();
        using var directory = OwnedDirectory.Create(request.StateDirectory);
        using var watch = new FleetWatch(proc, view, request.ProgramBytes);
        var options = new DemonstrationOptions(ProgramRequest(request, proc), Interval, s_timeout, request.StateDirectory)
        {
            DomainPrefix = Name,
            Progress = watch.Note,
            Start = (wanted, say, token) => StartAll(request, wanted, directory, watch, say, token),
        };
        var outcome = request.Engine == ScenarioEngine.User
            ? new UserDemonstration(proc, request.UserFiles!, view.Step, _ => { }).Run(options, cancel)
            : new KernelDemonstration(proc, new KsmSysfs(), view.Step, _ => { }).Run(options, cancel);
        return Result(request, outcome, watch);
    }

    /// <summary>What this machine lacks to run the programs, each with the package that brings it.</summary>
    private protected abstract IReadOnlyList<string> FindMissing(ScenarioRequest request);

    /// <summary>Makes the programs; they are started elsewhere.</summary>
    /// <param name="request">What was asked for.</param>
    /// <param name="environment">What they find in their environment beside ours, to be merged.</param>
    /// <param name="directory">For their files.</param>
    /// <param name="say">Told of each step.</param>
    private protected abstract IReadOnlyList<ScenarioProgram> Make(
        ScenarioRequest request, IReadOnlyDictionary<string, string> environment, OwnedDirectory directory, Action<string> say);

    private static ProgramRequest ProgramRequest(ScenarioRequest request, ProcFs proc) => new(
        request.Programs, (int)(request.ProgramBytes >> 20), MemInfo.Read(proc).AvailableBytes, request.CacheDirectory, ProgramKind.Workers);

    private RunningPrograms StartAll(
        ScenarioRequest request, ProgramRequest wanted, OwnedDirectory directory, FleetWatch watch, Action<string> say, CancellationToken cancel)
    {
        var fleet = new ProgramFleet(Make(request, wanted.WorkerEnvironment, directory, say));
        say(FormattableString.Invariant($"starting {fleet.Programs.Count} {Kind}s, two at a time"));
        fleet.Start(
            program =>
            {
                watch.Add(program);
                say(program.Description + " is up");
            },
            cancel);
        Started?.Invoke(fleet);
        return new RunningPrograms(fleet, Kind, (int)(request.ProgramBytes >> 20), "they were asked for");
    }

    private ScenarioResult Result(ScenarioRequest request, DemonstrationResult outcome, FleetWatch watch)
    {
        var (promise, achieved) = (outcome.Promise, outcome.Achievement);
        var verified = outcome.Content.Count(check => check is { IsUnchanged: true });
        return new ScenarioResult(
            Name, request.Engine, Kind, request.Programs, outcome.Count, verified, outcome.Content.Count(check => check is { IsUnchanged: false }))
        {
            ProgramBytes = request.ProgramBytes,
            PeakBytes = watch.PeakBytes,
            SavedBytes = achieved?.SavedBytes ?? 0,
            OracleBytes = promise.Bytes,
            CpuSeconds = achieved?.EngineCpuSeconds ?? 0,
            WallSeconds = outcome.WallSeconds,
            IsGood = verified == request.Programs && achieved is not null && achieved.SavedPages >= PromiseMin * promise.Pages,
            Notes = [.. FleetNotes.Of(request.Engine, outcome)],
            Series = watch.Series,
        };
    }
}
