namespace Samepage.Governing;

/// <summary>A reason to go over the host's memory.</summary>
/// <param name="Known">Why, in words and figures, where it is about memory that was there already; else null.</param>
/// <param name="NewBytes">Memory that ksmd has not seen yet.</param>
/// <param name="NewProcesses">How many processes it came with; 0 where old ones grew.</param>
public sealed record Prospect(string? Known, long NewBytes = 0, int NewProcesses = 0)
{
    /// <summary>Why, without a full stop.</summary>
    public string Why => (Known, NewBytes) switch
    {
        (null, _) => Newcomers,
        (_, 0) => Known,
        _ => $"{Known}, and {Newcomers}",
    };

    private string Newcomers => NewProcesses > 0
        ? $"{Figures.Count(NewProcesses, "new process", "new processes")} with {Figures.Bytes(NewBytes)} eligible"
        : $"{Figures.Bytes(NewBytes)} more eligible";

    /// <summary>Both reasons together.</summary>
    public Prospect With(Prospect other) =>
        new(Known ?? other.Known, NewBytes + other.NewBytes, NewProcesses + other.NewProcesses);
}

/// <summary>
/// Says when there is something to gain, and what: new memory, an estimate's promise, savings that were lost again, a
/// trickle that finds more than expected, or a shortage of memory that makes another look worth its price.
/// </summary>
/// <remarks>
/// Every prospect is held against what going over everything would cost. One that came to nothing makes the next of its kind
/// harder to believe, by a factor of two up to sixteen; ten minutes of rest halve that again. Not thread-safe.
/// </remarks>
/// <param name="options">What the operator set.</param>
public sealed class Prospects(GovernorOptions options)
{
    private const double DoubtMax = 16;
    private static readonly TimeSpan s_doubtHalvesAfter = TimeSpan.FromMinutes(10);

    private readonly Settling _settling = new(options.SettleMax);

    /// <summary>Something was seen before: what is there at the first look may have been there for days.</summary>
    private bool _hasLooked;

    /// <summary>Eligible memory and processes that work was done for.</summary>
    private long _coveredBytes;
    private int _coveredProcesses;

    /// <summary>What of the promise was left after the last work.</summary>
    private long _doubtedPromise;

    /// <summary>The most that was saved of the memory that is there.</summary>
    private long _highWater;

    private double _doubt = 1;
    private TimeSpan _doubtedAt;
    private TimeSpan? _finishedAt;

    /// <summary>Why new memory that is there starts nothing, by an estimate's word, without a full stop; null where none does.</summary>
    public string? Declined { get; private set; }

    /// <summary>Work will begin for new memory, once that has stopped growing.</summary>
    public bool IsSettling => _settling.IsWaiting;

    /// <summary>New memory that no work was begun for, once it has stopped growing; where memory is short, at once.</summary>
    public Prospect? NewMemory(HostSample now, double passNanoseconds, bool isMemoryShort)
    {
        var isFirstLook = !_hasLooked;
        _hasLooked = true;
        Follow(now);
        var bytes = now.EligibleBytes - _coveredBytes;
        // What part of it will merge is not known; what merged so far is the best guess, half of it the most modest.
        var share = Math.Clamp((double)_highWater / Math.Max(1, _coveredBytes), 0.5, 1);
        var guess = (long)(bytes * share);
        Declined = null;
        if (bytes >= options.NewMemoryMin && !now.IsPromisePartial && now.PromiseBytes < guess && !IsWorth(now.PromiseBytes.Value, now, bytes, passNanoseconds))
        {
            Declined = $"of {Figures.Bytes(bytes)} more eligible an estimate promises {Figures.Bytes(now.PromiseBytes.Value)}, which is not worth going over them";
        }

        if (bytes < options.NewMemoryMin || Declined is not null || !IsWorth(guess, now, bytes, passNanoseconds))
        {
            _settling.Reset();
            return null;
        }

        if (!_settling.IsSettled(now.At, bytes) && !isFirstLook && !isMemoryShort)
        {
            return null;
        }

        _settling.Reset();
        var processes = Math.Max(0, now.EligibleProcesses - _coveredProcesses);
        (_coveredBytes, _coveredProcesses) = (now.EligibleBytes, now.EligibleProcesses);
        return new Prospect(null, bytes, processes);
    }

    /// <summary>Any other reason to begin.</summary>
    public Prospect? Other(HostSample now, double passNanoseconds, double? gain, bool isMemoryShort)
    {
        Follow(now);
        if (_finishedAt is { } finished && now.At - finished < options.RepeatAfter * _doubt)
        {
            return null;
        }

        bool Pays(long bytes) => bytes >= options.NewMemoryMin && IsWorth(bytes, now, 0, passNanoseconds);
        var (promised, lost) = ((now.PromiseBytes ?? 0) - _doubtedPromise, _highWater - now.SavedBytes);
        return now switch
        {
            _ when Pays(promised) => new Prospect($"an estimate promises {Figures.Bytes(promised)} more"),
            _ when lost >= options.LossShare * _highWater && Pays(lost) =>
                new Prospect($"{Figures.Bytes(lost)} of {Figures.Bytes(_highWater)} saved were lost to writes"),
            _ when gain >= 2 * options.WorthBytesPerCpuSecond =>
                new Prospect($"the trickle gains {Figures.Bytes(gain.Value)} a CPU-second"),
            _ when isMemoryShort => new Prospect($"memory is short ({Figures.Bytes(now.AvailableBytes)} available)"),
            _ => null,
        };
    }

    /// <summary>Work is over, and brought so much: what is left now is not promised by anybody.</summary>
    public void Finish(HostSample now, long gainedBytes, double cpuSeconds)
    {
        var wasWorth = gainedBytes >= options.WorthBytesPerCpuSecond * cpuSeconds;
        _doubt = wasWorth ? 1 : Math.Min(DoubtMax, _doubt * 2);
        _doubtedPromise = now.PromiseBytes ?? 0;
        _highWater = now.SavedBytes;
        (_finishedAt, _doubtedAt) = (now.At, now.At);
    }

    /// <summary>Whether so much is worth the passes that work takes, and the dearer merging of what is new.</summary>
    private bool IsWorth(long bytes, HostSample now, long newBytes, double passNanoseconds)
    {
        const double MergeNanoseconds = 8_000;
        var rounds = (RoundGoal.PassesNeeded + options.QuietPasses) * (now.TrackedPages + (newBytes / HostSample.PageSize)) * passNanoseconds;
        var merges = (double)bytes / HostSample.PageSize * MergeNanoseconds;
        return bytes >= options.WorthBytesPerCpuSecond * _doubt * (rounds + merges) / 1e9;
    }

    /// <summary>What goes away is neither covered nor lost.</summary>
    private void Follow(HostSample now)
    {
        if (now.EligibleBytes < _coveredBytes)
        {
            _highWater = Math.Min(_highWater, Math.Max(now.SavedBytes, _highWater - (_coveredBytes - now.EligibleBytes)));
            _coveredBytes = now.EligibleBytes;
        }

        _coveredProcesses = Math.Min(_coveredProcesses, now.EligibleProcesses);
        _doubtedPromise = Math.Min(_doubtedPromise, now.PromiseBytes ?? 0);
        _highWater = Math.Max(_highWater, now.SavedBytes);
        if (_doubt > 1 && now.At - _doubtedAt >= s_doubtHalvesAfter)
        {
            (_doubt, _doubtedAt) = (_doubt / 2, now.At);
        }
    }
}
