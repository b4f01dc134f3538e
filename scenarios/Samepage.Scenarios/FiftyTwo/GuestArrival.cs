using System.Globalization;
using Samepage.Governing;
using Samepage.Linux;
using Samepage.Linux.Proc;
using Samepage.Linux.Sys;
using Samepage.Planning;
using Samepage.Scenarios.Guests.Desktop;
using Samepage.Scenarios.Limits;
using Samepage.Scenarios.Running;

namespace Samepage.Scenarios.FiftyTwo;

/// <summary>
/// Lets guests come up one after another, a few at a time: each when there is memory for it beside those that still come
/// up, and when the guard admits it. Without merging nobody waits and nobody asks: they come until one dies or swap is
/// full. Not thread-safe.
/// </summary>
internal sealed class GuestArrival(
    ScenarioRequest request, GuestNeeds needs, MemoryGroup group, ReadySwap swap, IGuestMerging merging, GuestWatch watch,
    Func<int, DesktopGuest> make, IScenarioView view) : IDisposable
{
    /// <summary>Merging that has made no room for so long makes none any more.</summary>
    private static readonly TimeSpan s_roomPatience = TimeSpan.FromSeconds(90), s_look = TimeSpan.FromMilliseconds(250);

    /// <summary>Less than this is no progress.</summary>
    private const long ProgressBytes = 48L << 20;

    /// <summary>As full as swap gets before the kernel begins to kill.</summary>
    private const double SwapFullShare = 0.97;

    /// <summary>In the search for the most, swap for so many further ones is made ready at a time.</summary>
    private const int SwapAhead = 8;

    private readonly int _atATime = Math.Clamp(Environment.ProcessorCount, 2, 16);
    private readonly List<(DesktopGuest Guest, Task Start)> _coming = [];
    private readonly List<DesktopGuest> _all = [];
    private readonly CancellationTokenSource _end = new();
    private readonly ProcFs _proc = new();
    private readonly KsmSysfs _ksm = new();

    private bool IsControl => request.Engine == ScenarioEngine.None;

    private int Most => request.UntilFull ? GuestPlan.GuestsMax : request.Programs;

    /// <summary>What kept the next one from coming; null where all came.</summary>
    public string? StoppedBy { get; private set; }

    /// <summary>Guests that are up, and how often one that had come up was found dead.</summary>
    public int Lost => watch.Guests.Count(guest => !guest.Guest.IsRunning);

    /// <summary>Brings them up.</summary>
    /// <exception cref="OperationCanceledException">It was called off.</exception>
    public void Run(CancellationToken cancel)
    {
        using var onCancel = cancel.Register(_end.Cancel);
        while (_all.Count < Most && Await(cancel))
        {
            var guest = make(_all.Count + 1);
            _all.Add(guest);
            _coming.Add((guest, Task.Factory.StartNew(
                () =>
                {
                    guest.Start(_end.Token);
                    watch.Add(guest);
                }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        }

        while (_coming.Count > 0 && (StoppedBy is null || !IsControl))
        {
            Reap(cancel);
            Stop(ControlStop());
            cancel.WaitHandle.WaitOne(s_look);
        }

        cancel.ThrowIfCancellationRequested();
        EndThoseComing();
    }

    /// <summary>Ends all guests, those that still come up included.</summary>
    public void Dispose()
    {
        EndThoseComing();
        foreach (var guest in _all)
        {
            guest.Dispose();
        }

        _end.Dispose();
    }

    /// <summary>Those that came too late would take memory from the others for ever.</summary>
    private void EndThoseComing()
    {
        _end.Cancel();
        foreach (var (_, start) in _coming)
        {
            try
            {
                start.Wait();
            }
            catch (AggregateException)
            {
                // It was ended while it came up.
            }
        }

        _coming.Clear();
    }

    /// <summary>Waits until the next one may come.</summary>
    /// <returns>False where none may any more.</returns>
    private bool Await(CancellationToken cancel)
    {
        var (best, since) = (long.MaxValue, Environment.TickCount64);
        while (StoppedBy is null)
        {
            cancel.ThrowIfCancellationRequested();
            Reap(cancel);
            if (IsControl)
            {
                Stop(ControlStop());
                if (StoppedBy is null && _coming.Count < _atATime)
                {
                    return true;
                }
            }
            else if (_coming.Count < _atATime && StoppedBy is null)
            {
                var used = group.UsedBytes - group.FileBytes;
                if (needs.HasRoom(used, AwaitedBytes()))
                {
                    return IsAdmitted();
                }

                (best, since) = used < best - ProgressBytes || _coming.Count > 0 ? (used, Environment.TickCount64) : (best, since);
                if (Environment.TickCount64 - since > s_roomPatience.TotalMilliseconds)
                {
                    Stop($"the limit: {Figures.Bytes(used)} of {Figures.Bytes(needs.LimitBytes)} are used, a further guest needs {Figures.Bytes(needs.Demand.NeededBytes)} until it is merged, and merging made no more room for {s_roomPatience.TotalSeconds:0} s");
                }
            }

            cancel.WaitHandle.WaitOne(s_look);
        }

        return false;
    }

    private void Stop(string? reason) => StoppedBy ??= reason;

    /// <summary>Guests that came up, or did not.</summary>
    private void Reap(CancellationToken cancel)
    {
        foreach (var (guest, start) in _coming.Where(each => each.Start.IsCompleted).ToList())
        {
            _coming.Remove((guest, start));
            if (start.Exception?.InnerException is { } failure)
            {
                cancel.ThrowIfCancellationRequested();
                Stop(group.Kills > 0 ? Deaths() : failure is ScenarioException or LinuxException ? failure.Message : throw failure);
            }
        }

        if (!IsControl && Lost > 0)
        {
            Stop(Deaths());
        }
    }

    private string? ControlStop() =>
        !IsControl ? null
        : group.Kills > 0 || Lost > 0 ? Deaths()
        : swap.Bytes > 0 && group.SwapBytes >= swap.Bytes * SwapFullShare ? $"swap is full: {Figures.Bytes(group.SwapBytes)} of {Figures.Bytes(swap.Bytes)}"
        : null;

    private string Deaths() => string.Create(
        CultureInfo.InvariantCulture,
        $"a guest died (the kernel killed {group.Kills} for want of memory), with {Figures.Bytes(group.UsedBytes)} of {Figures.Bytes(needs.LimitBytes)} and {Figures.Bytes(group.SwapBytes)} of {Figures.Bytes(swap.Bytes)} of swap in use");

    private bool IsAdmitted()
    {
        if (request.UntilFull && _all.Count >= request.Programs && _all.Count % SwapAhead == 0
            && swap.Ensure(needs.SwapBytes(_all.Count + SwapAhead)) is { } lack)
        {
            view.Step($"no more swap: {lack}");
        }

        var admission = needs.Admission(_proc, _ksm, group.Group, merging.Domains);
        var refusal = admission.Scopes.FirstOrDefault(scope => scope.Verdict != AdmissionVerdict.Admitted);
        if (refusal is not null)
        {
            Stop(Words(refusal));
        }

        return refusal is null;
    }

    private static string Words(AdmissionScope scope) => scope.Verdict == AdmissionVerdict.DoesNotFit
        ? $"the guard: a further guest needs {Figures.Bytes(scope.Guest.NeededBytes)}, and {scope.Name} has {Figures.Bytes(scope.Before.HeadroomBytes)} with swap"
        : FormattableString.Invariant($"the guard: with a further guest {scope.Name} could supply {Figures.Bytes(scope.After.HeadroomBytes)} for the {Figures.Bytes(scope.After.ExposureBytes)} that merged pages would need if all broke, which is less than {scope.Floor:0.##} times as much");

    /// <summary>What those that come up have yet to fill.</summary>
    private long AwaitedBytes() => _coming.Sum(each => Math.Max(0, needs.Demand.NeededBytes - ResidentBytes(each.Guest)));

    private long ResidentBytes(DesktopGuest guest)
    {
        try
        {
            return guest.IsRunning ? ProcessStatus.TryRead(_proc, guest.Pid)?.ResidentBytes ?? 0 : 0;
        }
        catch (ScenarioException)
        {
            // It has ended in between.
            return 0;
        }
    }
}
