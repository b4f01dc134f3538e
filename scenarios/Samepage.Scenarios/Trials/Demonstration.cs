using System.Diagnostics;
using Samepage.Linux;

namespace Samepage.Scenarios.Trials;

/// <summary>
/// Starts real programs, promises, merges, checks and puts everything back. What merges is the business of those that
/// derive from it.
/// </summary>
/// <param name="step">Told of each step, from several threads.</param>
public abstract class Demonstration(Action<string> step)
{
    /// <summary>Programs that have just read all their data come to rest.</summary>
    private static readonly TimeSpan s_rest = TimeSpan.FromSeconds(1);

    private readonly long _begin = Stopwatch.GetTimestamp();
    private readonly TimeSpan _cpuBefore = Environment.CpuUsage.TotalTime;

    /// <summary>Runs it.</summary>
    /// <exception cref="ScenarioException">No program could be started.</exception>
    /// <exception cref="OperationCanceledException">It was called off; everything has been put back.</exception>
    /// <exception cref="LinuxException">The kernel refused something that it offered; everything has been put back.</exception>
    public abstract DemonstrationResult Run(DemonstrationOptions options, CancellationToken cancel);

    /// <summary>Why nothing can be merged, each with what would mend it; what is added later counts too.</summary>
    private protected List<string> Missing { get; } = [];

    /// <summary>A new step begins.</summary>
    private protected void Step(string what) => step(what);

    /// <summary>Checks the programs' data, estimates, merges, and checks again.</summary>
    private protected (MergePromise, MergeAchievement?, IReadOnlyList<ContentCheck?>) Try(
        ProgramFleet fleet, Func<MergePromise> estimate, Func<MergeAchievement?> merge, CancellationToken cancel)
    {
        step("checking every program's data before");
        if (fleet.Verify(cancel).Any(check => check is not { IsUnchanged: true }))
        {
            throw new ScenarioException("a program's data were not what was loaded, before anything was merged");
        }

        cancel.WaitHandle.WaitOne(s_rest);
        cancel.ThrowIfCancellationRequested();
        step("estimating");
        var promise = estimate();
        cancel.ThrowIfCancellationRequested();
        var achievement = merge();
        cancel.ThrowIfCancellationRequested();
        step("checking every program's data again");
        return (promise, achievement, fleet.Verify(cancel));
    }

    /// <summary>Puts together what came of it.</summary>
    private protected DemonstrationResult Result(
        string engine, RunningPrograms programs, MergePromise promise, MergeAchievement? achievement,
        IReadOnlyList<ContentCheck?> content, IReadOnlyList<string> putBack) => new(
            engine, programs, programs.Fleet.Programs.Count, promise, achievement, content, Missing, putBack,
            (Environment.CpuUsage.TotalTime - _cpuBefore).TotalSeconds, Stopwatch.GetElapsedTime(_begin).TotalSeconds);
}
