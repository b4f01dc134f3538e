using Samepage.Estimating;
using Samepage.Linux.Proc;
using Samepage.Scenarios.Guests;
using Samepage.Scenarios.Trials;
using Samepage.Targets;

namespace Samepage.Scenarios.Users;

/// <summary>
/// Merges with the user engine, in a domain of its own. Guests offer their memory themselves, as QEMU does by default;
/// workers, which know nothing of merging, have all of theirs offered by the library that is loaded into them.
/// </summary>
/// <param name="proc">Where processes are looked up.</param>
/// <param name="files">The engine.</param>
/// <param name="step">Told of each step, from several threads.</param>
/// <param name="detail">Told how a step goes on, several times a second.</param>
public sealed class UserDemonstration(
    ProcFs proc, UserEngineFiles files, Action<string> step, Action<string> detail) : Demonstration(step)
{
    /// <inheritdoc/>
    public override DemonstrationResult Run(DemonstrationOptions options, CancellationToken cancel)
    {
        using var domain = new UserDomain(files, FormattableString.Invariant($"{options.DomainPrefix}-{Environment.ProcessId}"));
        var request = options.Programs with
        {
            MergesMemory = true,
            WorkersMapMemory = true,
            GuestEnvironment = domain.Environment(offersAll: false),
            WorkerEnvironment = domain.Environment(offersAll: true),
        };
        var programs = options.Start(request, Step, cancel);
        using var fleet = programs.Fleet;
        var (promise, achievement, content) = Try(
            fleet, () => Promise(programs, options, cancel),
            () =>
            {
                Step("starting the domain's keeper and letting the engine merge");
                return new UserTrial(proc, domain).Merge(
                    fleet.Programs, options.Timeout,
                    (saved, cpuSeconds) =>
                    {
                        detail(FormattableString.Invariant($"{saved:N0} pages saved"));
                        options.Progress?.Invoke(saved, cpuSeconds);
                    },
                    cancel);
            },
            cancel);
        fleet.Dispose();
        return Result("user", programs, promise, achievement, content, []);
    }

    /// <summary>
    /// A page of zeros is given back as a whole, so each of them frees a frame. Of guests only what they offer counts.
    /// </summary>
    private MergePromise Promise(RunningPrograms programs, DemonstrationOptions options, CancellationToken cancel)
    {
        var query = new TargetQuery { Pids = [.. programs.Fleet.Programs.SelectMany(program => program.Pids)] };
        var estimate = new Estimator(proc).Run(
            [.. new TargetResolver(proc).Resolve(query)], new EstimateOptions { Interval = options.Interval }, null, cancel);
        if (programs.Kind != "guest")
        {
            return MergePromise.From(estimate, usesKernelZeroPage: true, sharingMax: 1);
        }

        var (_, savable, zero) = GuestMemory.Within(proc, estimate);
        return new MergePromise(estimate, savable, zero);
    }
}
