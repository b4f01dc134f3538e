using System.Diagnostics;
using Samepage.Governing;
using Samepage.Linux.Proc;
using Samepage.Linux.Sys;
using Samepage.Scenarios.Guests;
using Samepage.Scenarios.Guests.Desktop;
using Samepage.Scenarios.Limits;
using Samepage.Scenarios.Running;

namespace Samepage.Scenarios.FiftyTwo;

/// <summary>One run of the scenario, from clearing up what an earlier one left to putting everything back. Not thread-safe.</summary>
/// <param name="name">What the scenario is called.</param>
/// <param name="request">What was asked for.</param>
/// <param name="isFull">Whether that is the full form.</param>
/// <param name="view">Told how it goes on.</param>
internal sealed class FiftyTwoRun(string name, ScenarioRequest request, bool isFull, IScenarioView view)
{
    /// <summary>So many counts of frames without growth.</summary>
    private const int CountsOfRest = 2;

    private const string Purpose = "scenario";

    /// <summary>For the tests: the number of a guest that is to alter a byte of its own memory before it is checked.</summary>
    private const string CorruptVariable = "SAMEPAGE_TEST_CORRUPT";

    /// <summary>The longest wait for merging to come to rest once all are up, and what counts as rest.</summary>
    private static readonly TimeSpan s_settleMax = TimeSpan.FromMinutes(4), s_settled = TimeSpan.FromSeconds(30), s_look = TimeSpan.FromMilliseconds(500);

    private readonly ProcFs _proc = new();
    private readonly KsmSysfs _ksm = new();
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly GuestNeeds _needs = Needs(request);
    private readonly List<string> _notes = [];

    /// <summary>Swap that stands ready when a run begins.</summary>
    public static long SwapBytes(ScenarioRequest request) => request.Engine == ScenarioEngine.None
        ? (long)(request.Programs * request.ProgramBytes * FiftyTwoPromise.SwapShareMax)
        : Needs(request).SwapBytes(request.Programs);

    /// <summary>Runs it.</summary>
    public ScenarioResult Run(CancellationToken cancel)
    {
        var tools = GuestTools.Find(out var missing) ?? throw new ScenarioException("missing: " + string.Join(", ", missing));
        using var swap = ReadySwap.Open(request.StateDirectory);
        MemoryGroup.RemoveLeftBehind(Purpose);
        view.Step("preparing what the guests boot");
        var image = DesktopImage.Prepare(DesktopImage.CommonBytesFor(request.ProgramBytes), request.CacheDirectory);
        var usesKvm = KvmTrial.Boots(tools, image, request.CacheDirectory, () => view.Step("trying whether guests boot with KVM"), cancel);
        _notes.Add(usesKvm ? "Guests ran with KVM." : "Guests were emulated (TCG): no guest boots with KVM here.");
        using var group = new MemoryGroup(Purpose);
        group.Limit(request.HostBytes);
        view.Step($"making {Figures.Bytes(SwapBytes(request))} of swap ready");
        if (swap.Ensure(SwapBytes(request)) is { } lack)
        {
            _notes.Add($"There is less swap than planned: {lack}.");
        }

        try
        {
            using var merging = Merging(swap);
            return Run(tools, image, usesKvm, group, swap, merging, cancel);
        }
        catch (SettingsHeldException held)
        {
            throw new ScenarioException(held.Message);
        }
    }

    private ScenarioResult Run(
        GuestTools tools, DesktopImage image, bool usesKvm, MemoryGroup group, ReadySwap swap, IGuestMerging merging, CancellationToken cancel)
    {
        merging.Begin();
        using var watch = new GuestWatch(_proc, group, merging, request, view, _clock);
        using var arrival = new GuestArrival(
            request, _needs, group, swap, merging, watch,
            number => new DesktopGuest(tools, image, new DesktopGuestOptions(number, request.ProgramBytes)
            {
                Environment = merging.Environment,
                Group = group.Members,
                UsesKvm = usesKvm,
            }), view);
        view.Step(request.Engine == ScenarioEngine.None
            ? "guests come up until one dies or swap is full"
            : $"guests come up, each when the guard admits it (the plan says {_needs.PlannedGuests} fit)");
        arrival.Run(cancel);
        Settle(watch, cancel);
        view.Step("comparing with what perfect merging would save");
        var (saved, oracle) = watch.Judge(cancel);
        cancel.ThrowIfCancellationRequested();
        view.Step("checking every guest's memory");
        CorruptIfAsked(watch, cancel);
        var (verified, corrupt) = Verify(watch, cancel);
        _notes.AddRange(merging.Notes);
        return Judged(Result(group, swap, merging, watch, arrival, verified, corrupt) with
        {
            SavedBytes = saved,
            OracleBytes = oracle,
        });
    }

    private static GuestNeeds Needs(ScenarioRequest request) => GuestNeeds.Of(request.ProgramBytes, request.HostBytes, request.CoverageFloor);

    private IGuestMerging Merging(ReadySwap swap) => request.Engine switch
    {
        ScenarioEngine.Kernel => new GovernedMerging(_proc, _ksm, request.StateDirectory, () => swap.Bytes, request.CoverageFloor),
        ScenarioEngine.User => new DomainMerging(
            request.UserFiles ?? throw new ScenarioException("the user engine is not here"), FormattableString.Invariant($"{name}-{Environment.ProcessId}")),
        _ => new NoMerging(),
    };

    /// <summary>Until merging saves no more, or not worth the wait.</summary>
    private void Settle(GuestWatch watch, CancellationToken cancel)
    {
        if (request.Engine == ScenarioEngine.None)
        {
            return;
        }

        view.Step("waiting until merging saves no more");
        var (begin, best, since, counts) = (_clock.Elapsed, 0L, _clock.Elapsed, watch.Counts);
        while (_clock.Elapsed - begin < s_settleMax && (_clock.Elapsed - since < s_settled || watch.Counts - counts < CountsOfRest))
        {
            cancel.WaitHandle.WaitOne(s_look);
            cancel.ThrowIfCancellationRequested();
            if (watch.SavedBytes is var saved && saved > best + (best / 500))
            {
                (best, since, counts) = (saved, _clock.Elapsed, watch.Counts);
            }
        }
    }

    /// <summary>The positive control of <see cref="Verify"/>.</summary>
    private static void CorruptIfAsked(GuestWatch watch, CancellationToken cancel)
    {
        if (int.TryParse(Environment.GetEnvironmentVariable(CorruptVariable), out var number) && number > 0 && number <= watch.Guests.Count)
        {
            watch.Guests[number - 1].Guest.Corrupt(number % 2 == 0 ? ContentPart.Shared : ContentPart.Unique, 1_234_567, cancel);
        }
    }

    /// <summary>Those that end or do not answer are neither verified nor corrupt.</summary>
    private static (int Verified, int Corrupt) Verify(GuestWatch watch, CancellationToken cancel)
    {
        var (verified, corrupt) = (0, 0);
        Parallel.ForEach(
            watch.Guests, new ParallelOptions { MaxDegreeOfParallelism = Math.Max(2, Environment.ProcessorCount), CancellationToken = cancel }, guest =>
            {
                try
                {
                    _ = guest.Guest.Verify(cancel).IsUnchanged ? Interlocked.Increment(ref verified) : Interlocked.Increment(ref corrupt);
                }
                catch (ScenarioException)
                {
                    // It has ended: that is the finding.
                }
            });
        return (verified, corrupt);
    }

    private ScenarioResult Result(
        MemoryGroup group, ReadySwap swap, IGuestMerging merging, GuestWatch watch, GuestArrival arrival, int verified, int corrupt)
    {
        return new ScenarioResult(name, request.Engine, "guest", request.Programs, watch.Guests.Count, verified, corrupt)
        {
            OomKills = group.Kills,
            ProgramBytes = request.ProgramBytes,
            LimitBytes = request.HostBytes,
            PeakBytes = group.PeakBytes,
            SwapReadyBytes = swap.Bytes,
            SwapPeakBytes = group.SwapPeakBytes,
            CpuSeconds = merging.CpuSeconds,
            WallSeconds = _clock.Elapsed.TotalSeconds,
            StoppedBy = arrival.StoppedBy,
            Series = watch.Series,
        };
    }

    private ScenarioResult Judged(ScenarioResult result)
    {
        var shortfalls = FiftyTwoPromise.Shortfalls(result, isFull);
        return result with
        {
            IsGood = shortfalls.Count == 0,
            Notes = [.. _notes, .. shortfalls.Select(what => $"Not as promised: {what}.")],
        };
    }
}
