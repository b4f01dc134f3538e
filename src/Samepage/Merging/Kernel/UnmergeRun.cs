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
            ?? (optOut && found.IsOptedIn != false ? Call([SystemCall.MemoryMerge(false)], out _) : null);
        var after = MergeState.TryRead(proc, target)?.Pages ?? 0;
        return failure is { } bad ? End(bad.Outcome, bad.Reason, after)
            : optOut && after > 0 ? End(InjectionOutcome.Failed, $"still holds {after} merged pages", after)
            : End(InjectionOutcome.Done, "", after);
    }

    /// <summary>Opting out concerns all mergeable mappings; breaking only those that hold merged pages.</summary>
    private List<MemoryRegion> Regions(MergeState found)
    {
        // Merged zero pages do not show in a mapping's own count on every kernel.
        return [.. Mappings().Where(region => region.IsMergeable
            && (optOut || (found.Pages > 0 && (region.MergedBytes != 0 || found.ZeroPages > 0))))];
    }

    private IReadOnlyList<MemoryRegion> Mappings()
    {
        var thread = TargetThread.Living(proc, target.Pid).FirstOrDefault()?.ThreadId ?? target.Pid;
        return Smaps.Parse(Encoding.UTF8.GetBytes(proc.TryRead(target.Pid, $"task/{thread}/smaps") ?? ""));
    }

    private (InjectionOutcome Outcome, string Reason)? BreakAll(List<UnmergeSlice> slices, CancellationToken cancel)
    {
        for (var i = 0; i < slices.Count; i++)
        {
            var noCalm = options.Force ? null : guard.WaitForCalm(cancel);
            if (cancel.IsCancellationRequested)
            {
                return (InjectionOutcome.Cancelled, $"was interrupted after {i} of {slices.Count} slices");
            }

            var needed = Math.Min(slices[i].ResidentBytes, _before * Environment.SystemPageSize);
            if (!options.Force && (noCalm ?? guard.Refusal(target.Pid, needed)) is { } refusal)
            {
                return (InjectionOutcome.RefusedByGuard, $"was left after {i} of {slices.Count} slices: it {refusal}");
            }

            if (Break(slices[i].Ranges) is { } failure)
            {
                return failure;
            }
        }

        return null;
    }

    /// <summary>
    /// Breaks ranges apart. That a part of a range was unmapped meanwhile, that no memory was left for a copy, and that
    /// the process has as many mappings as it may have, all look alike (ENOMEM or EAGAIN). So what of the range is
    /// still mapped is tried again by itself, and only a refusal of that is a failure.
    /// </summary>
    private (InjectionOutcome Outcome, string Reason)? Break(IReadOnlyList<(ulong Start, ulong Length)> ranges)
    {
        const int Rounds = 3;
        for (var round = 1; ; round++)
        {
            if (Call(Calls(ranges), out var refused) is { } failure)
            {
                return failure;
            }

            var left = refused.Count == 0 ? [] : UnmergeSlice.StillMergeable(Mappings(), [.. refused.Select(one => one.Range)]);
            if (left.Count == 0)
            {
                return null;
            }

            if (round == Rounds)
            {
                return (InjectionOutcome.Failed, $"could not be given its own pages ({refused[0].Errno} to {SystemCall.Unmergeable(left[0].Start, left[0].Length).Text}):"
                    + " no memory for them, or as many mappings as vm.max_map_count allows");
            }

            ranges = left;
        }
    }

    private List<SystemCall> Calls(IReadOnlyList<(ulong Start, ulong Length)> ranges)
    {
        var calls = new List<SystemCall>();
        foreach (var (start, length) in ranges)
        {
            calls.Add(SystemCall.Unmergeable(start, length));
            if (!optOut)
            {
                calls.Add(SystemCall.Mergeable(start, length));
            }
        }

        return calls;
    }

    /// <summary>Has calls made; the answers that may mean several things go to the caller.</summary>
    private (InjectionOutcome Outcome, string Reason)? Call(
        List<SystemCall> calls, out List<((ulong Start, ulong Length) Range, Errno Errno)> refused)
    {
        refused = [];
        var result = injector.Run(target, calls);
        _stops += result.Tries;
        _stopped += result.Stopped;
        _longest = result.LongestStop > _longest ? result.LongestStop : _longest;
        if (result.Outcome != InjectionOutcome.Done)
        {
            return (result.Outcome, result.Reason);
        }

        for (var i = 0; i < result.Returns.Count; i++)
        {
            var errno = result.Returns[i] < 0 ? (Errno)(-result.Returns[i]) : Errno.None;
            if (errno is Errno.ENOMEM or Errno.EAGAIN or Errno.EINVAL && calls[i].IsUnmerging)
            {
                refused.Add(((calls[i].Arguments.First, calls[i].Arguments.Second), errno));
            }
            else if (errno != Errno.None && !(errno is Errno.ENOMEM or Errno.EINVAL && calls[i].IsMerging))
            {
                return (InjectionOutcome.Failed, $"got the answer {errno} to {calls[i].Text}");
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
