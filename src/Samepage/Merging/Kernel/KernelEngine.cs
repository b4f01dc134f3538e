using Samepage.Guarding;
using Samepage.Linux;
using Samepage.Linux.Proc;
using Samepage.Linux.Tracing;
using Samepage.Targets;

namespace Samepage.Merging.Kernel;

/// <summary>How merged memory is broken apart.</summary>
public sealed record UnmergeOptions
{
    /// <summary>Go on where memory would not suffice.</summary>
    public bool Force { get; init; }

    /// <summary>Say what would be done and do nothing.</summary>
    public bool DryRun { get; init; }
}

/// <summary>
/// The kernel's own merging, driven from outside: opts running processes in and out, and breaks merged pages apart in
/// slices that memory suffices for. Each method works through its targets while its answer is enumerated; a target that
/// is refused does not stop the others, and cancelling ends the work between two slices.
/// </summary>
/// <param name="proc">The process file system; the live one.</param>
/// <param name="injector">What makes processes carry out calls.</param>
/// <param name="guard">What says whether memory suffices.</param>
public sealed class KernelEngine(ProcFs proc, Injector injector, BreakGuard guard)
{
    /// <summary>The engine of this machine.</summary>
    public KernelEngine(ProcFs proc)
        : this(proc, new Injector(proc), new BreakGuard(proc))
    {
    }

    /// <summary>The engine of this machine, with an injector of the caller's.</summary>
    public KernelEngine(ProcFs proc, Injector injector)
        : this(proc, injector, new BreakGuard(proc))
    {
    }

    /// <summary>Opts processes in.</summary>
    /// <param name="targets">The processes.</param>
    /// <param name="dryRun">Only say whether it would work, without touching them.</param>
    /// <param name="cancel">Ends the work before the next process.</param>
    public IEnumerable<TargetOutcome> Enable(IEnumerable<TargetProcess> targets, bool dryRun, CancellationToken cancel)
    {
        foreach (var target in targets)
        {
            yield return cancel.IsCancellationRequested
                ? new TargetOutcome(target, InjectionOutcome.Cancelled, "was not reached before the interruption")
                : Enable(target, dryRun);
        }
    }

    /// <summary>Opts processes out and breaks their merged pages apart, also those of memory they advised themselves.</summary>
    public IEnumerable<TargetOutcome> Disable(
        IReadOnlyList<TargetProcess> targets, UnmergeOptions options, CancellationToken cancel) =>
        Unmerge(targets, options, optOut: true, cancel);

    /// <summary>Breaks merged pages of processes apart and leaves them opted in.</summary>
    public IEnumerable<TargetOutcome> Unmerge(
        IReadOnlyList<TargetProcess> targets, UnmergeOptions options, CancellationToken cancel) =>
        Unmerge(targets, options, optOut: false, cancel);

    /// <summary>The processes that hold merged pages, of those the caller may look at.</summary>
    /// <param name="candidates">Where to look.</param>
    /// <param name="unseen">How many the caller may not look at.</param>
    public IReadOnlyList<TargetProcess> Holders(IEnumerable<TargetProcess> candidates, out int unseen)
    {
        var holders = new List<TargetProcess>();
        unseen = 0;
        foreach (var target in candidates)
        {
            var state = MergeState.TryRead(proc, target);
            if (state is { Pages: > 0 })
            {
                holders.Add(target);
            }
            else if (state is null && target.IsSame(proc))
            {
                unseen++;
            }
        }

        return holders;
    }

    private TargetOutcome Enable(TargetProcess target, bool dryRun)
    {
        if (MergeState.TryRead(proc, target)?.IsOptedIn == true)
        {
            return new TargetOutcome(target, InjectionOutcome.Already, "is opted in already");
        }

        var result = dryRun ? injector.Check(target) : injector.Run(target, SystemCall.MemoryMerge(true));
        var outcome = new TargetOutcome(target, result.Outcome, result.Reason)
        {
            Stops = result.Stopped > TimeSpan.Zero ? result.Tries : 0,
            LongestStop = result.LongestStop,
            Stopped = result.Stopped,
        };
        return result.Outcome != InjectionOutcome.Done || dryRun ? outcome : Verified(outcome, result.Returns[0]);
    }

    private TargetOutcome Verified(TargetOutcome outcome, long answer)
    {
        if (answer != 0)
        {
            return outcome with { Outcome = InjectionOutcome.Failed, Reason = $"got the answer {(Errno)(-answer)} to prctl(PR_SET_MEMORY_MERGE)" };
        }

        return MergeState.TryRead(proc, outcome.Target)?.IsOptedIn == false
            ? outcome with { Outcome = InjectionOutcome.Failed, Reason = "carried out the call, but the kernel does not show it as opted in" }
            : outcome;
    }

    private IEnumerable<TargetOutcome> Unmerge(
        IReadOnlyList<TargetProcess> targets, UnmergeOptions options, bool optOut, CancellationToken cancel)
    {
        var exposed = targets.Sum(target => MergeState.TryRead(proc, target)?.Pages ?? 0) * Environment.SystemPageSize;
        var refusal = options.Force ? null : guard.Refusal(null, exposed);
        foreach (var target in targets)
        {
            yield return refusal is not null
                ? new TargetOutcome(target, InjectionOutcome.RefusedByGuard, $"is among targets of which breaking all merged pages {refusal}")
                : cancel.IsCancellationRequested
                    ? new TargetOutcome(target, InjectionOutcome.Cancelled, "was not reached before the interruption")
                    : new UnmergeRun(proc, injector, guard, target, options, optOut).Run(cancel);
        }
    }
}
