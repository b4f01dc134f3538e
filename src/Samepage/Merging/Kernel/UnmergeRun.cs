using System.Text;
using Samepage.Guarding;
using Samepage.Linux;
using Samepage.Linux.Proc;
using Samepage.Linux.Tracing;
using Samepage.Targets;

namespace Samepage.Merging.Kernel;

/// <summary>
/// Breaks one process's merged pages apart. Turning the opt-in off in one call would break all of them at once, with
/// the process standing still for as long, and would not reach memory that the program itself advised. So each
/// mergeable mapping is advised against merging piece by piece, with a look at the memory left before each piece; the
/// opt-in goes last, when it has nothing left to break. A process that stays opted in gets each piece marked as
/// mergeable again in the same stop.
/// </summary>
internal sealed class UnmergeRun(
    ProcFs proc, Injector injector, BreakGuard guard, TargetProcess target, UnmergeOptions options, bool optOut)
{
    private int _stops;
    private TimeSpan _longest;
    private TimeSpan _stopped;
    private long _before;

    /// <summary>Does it.</summary>
    /// <param name="cancel">Ends it between two slices.</param>
    public TargetOutcome Run(CancellationToken cancel)
    {
        var check = injector.Check(target);
        if (check.Outcome != InjectionOutcome.Done)
        {
            return End(check.Outcome, check.Reason, 0);
        }

        if (MergeState.TryRead(proc, target) is not { } found)
        {
            return End(InjectionOutcome.NotPermitted, "does not show its merging counters to you", 0);
        }

        _before = found.Pages;
        var regions = Regions(found);
        if (regions.Count == 0 && !(optOut && found.IsOptedIn == true))
        {
            return End(InjectionOutcome.Already, optOut ? "is not opted in" : "holds no merged pages", _before);
        }

        if (!options.Force && guard.Refusal(target.Pid, _before * Environment.SystemPageSize) is { } refusal)
        {
            return End(InjectionOutcome.RefusedByGuard, refusal, _before);
        }

        if (options.DryRun)
        {
            return End(InjectionOutcome.Done, "", _before);
        }

        var failure = BreakAll(UnmergeSlice.Cut(regions), cancel)
            ?? (optOut && found.IsOptedIn != false ? Call([SystemCall.MemoryMerge(false)]) : null);
        var after = MergeState.TryRead(proc, target)?.Pages ?? 0;
        return failure is { } bad ? End(bad.Outcome, bad.Reason, after)
            : optOut && after > 0 ? End(InjectionOutcome.Failed, $"still holds {after} merged pages", after)
            : End(InjectionOutcome.Done, "", after);
    }

    /// <summary>Opting out concerns all mergeable mappings; breaking only those that hold merged pages.</summary>
    private List<MemoryRegion> Regions(MergeState found)
    {
        var thread = TargetThread.Living(proc, target.Pid).FirstOrDefault()?.ThreadId ?? target.Pid;
        var smaps = proc.TryRead(target.Pid, $"task/{thread}/smaps") ?? "";

        // Merged zero pages do not show in a mapping's own count on every kernel.
        return [.. Smaps.Parse(Encoding.UTF8.GetBytes(smaps)).Where(region => region.IsMergeable
            && (optOut || (found.Pages > 0 && (region.MergedBytes != 0 || found.ZeroPages > 0))))];
    }

    private (InjectionOutcome Outcome, string Reason)? BreakAll(List<UnmergeSlice> slices, CancellationToken cancel)
    {
        for (var i = 0; i < slices.Count; i++)
        {
            if (cancel.IsCancellationRequested)
            {
                return (InjectionOutcome.Cancelled, $"was interrupted after {i} of {slices.Count} slices");
            }

            var needed = Math.Min(slices[i].ResidentBytes, _before * Environment.SystemPageSize);
            if (!options.Force && guard.Refusal(target.Pid, needed) is { } refusal)
            {
                return (InjectionOutcome.RefusedByGuard, $"was left after {i} of {slices.Count} slices: it {refusal}");
            }

            if (Call(Calls(slices[i])) is { } failure)
            {
                return failure;
            }
        }

        return null;
    }

    private List<SystemCall> Calls(UnmergeSlice slice)
    {
        var calls = new List<SystemCall>();
        foreach (var (start, length) in slice.Ranges)
        {
            calls.Add(SystemCall.Unmergeable(start, length));
            if (!optOut)
            {
                calls.Add(SystemCall.Mergeable(start, length));
            }
        }

        return calls;
    }

    private (InjectionOutcome Outcome, string Reason)? Call(List<SystemCall> calls)
    {
        var result = injector.Run(target, calls);
        _stops += result.Tries;
        _stopped += result.Stopped;
        _longest = result.Stopped > _longest ? result.Stopped : _longest;
        if (result.Outcome != InjectionOutcome.Done)
        {
            return (result.Outcome, result.Reason);
        }

        for (var i = 0; i < result.Returns.Count; i++)
        {
            // ENOMEM and EINVAL say that the program has unmapped or remapped a part of the range meanwhile.
            if (result.Returns[i] < 0 && -result.Returns[i] is not ((long)Errno.ENOMEM or (long)Errno.EINVAL))
            {
                return (InjectionOutcome.Failed, $"got the answer {(Errno)(-result.Returns[i])} to {calls[i].Text}");
            }
        }

        return null;
    }

    private TargetOutcome End(InjectionOutcome outcome, string reason, long after) => new(target, outcome, reason)
    {
        Stops = _stops,
        LongestStop = _longest,
        Stopped = _stopped,
        MergedPagesBefore = _before,
        MergedPagesAfter = after,
    };
}
