using System.Diagnostics;
using Samepage.Bench.Measuring;

namespace Samepage.Bench.Contest;

/// <summary>
/// Two fleets of equal guests, of which one is merged and the other never. Only one of them is asked at a time, a second
/// each by turns, and while the other one is, merging stands still: what the machine does by itself falls on both alike,
/// and what merging costs on one. One thread.
/// </summary>
internal sealed class TwinFleets : IDisposable
{
    /// <summary>For how long each fleet is asked in a stretch.</summary>
    public const int StretchSeconds = 2;

    private const double SlotSeconds = StretchSeconds / 2.0;

    /// <summary>Until what the other fleet had under way is forgotten.</summary>
    private static readonly TimeSpan s_settle = TimeSpan.FromMilliseconds(100);

    private readonly IPausableMerging _engine;
    private readonly ServedGuests _merged, _plain;
    private readonly LoadGenerator _mergedLoad, _plainLoad;
    private bool _hasBegun;

    /// <summary>Starts both, and gives their servers something to answer with.</summary>
    public TwinFleets(ServedWork work, IPausableMerging engine)
    {
        _engine = engine;
        _merged = new ServedGuests(work, engine.Environment);
        _plain = new ServedGuests(work, NativeProgram.NoEnvironment, isOffered: false);
        _mergedLoad = new LoadGenerator(work, _merged.Ports);
        _plainLoad = new LoadGenerator(work, _plain.Ports);
        _mergedLoad.Fill();
        _plainLoad.Fill();
    }

    /// <summary>For how long merging did not stand still, in seconds since it began.</summary>
    public double MergingSeconds { get; private set; }

    /// <summary>Begins to merge the one fleet.</summary>
    public void Begin()
    {
        _engine.Begin(_merged.Pids);
        _hasBegun = true;
    }

    /// <summary>Asks both for a stretch, in the order ABBA, as often as that.</summary>
    public IReadOnlyList<TwinLaps> Ask(int stretches)
    {
        var laps = new List<TwinLaps>();
        for (var stretch = 0; stretch < stretches; stretch++)
        {
            var first = AskMerged();
            var plain = FleetLap.Sum([AskPlain(), AskPlain()]);
            laps.Add(new TwinLaps(FleetLap.Sum([first, AskMerged()]), plain));
        }

        return laps;
    }

    /// <summary>How many guests of both fleets hold, to the last byte, what they should.</summary>
    public int Verify() => _merged.Verify() + _plain.Verify();

    public void Dispose()
    {
        _engine.Resume();
        _mergedLoad.Dispose();
        _plainLoad.Dispose();
        _merged.Dispose();
        _plain.Dispose();
    }

    private static FleetLap Ask(ServedGuests guests, LoadGenerator load)
    {
        var (cpu, clock) = (ProgramCpu.Read(guests.Pids), Stopwatch.StartNew());
        load.Pace();
        Thread.Sleep(s_settle);
        var lap = load.Over(SlotSeconds);
        load.Hold();
        return new FleetLap(lap, ProgramCpu.Since(cpu, guests.Pids, clock.Elapsed.TotalSeconds));
    }

    private FleetLap AskMerged()
    {
        if (!_hasBegun)
        {
            return Ask(_merged, _mergedLoad);
        }

        var clock = Stopwatch.StartNew();
        _engine.Resume();
        var lap = Ask(_merged, _mergedLoad);
        MergingSeconds += clock.Elapsed.TotalSeconds;
        return lap;
    }

    private FleetLap AskPlain()
    {
        if (_hasBegun)
        {
            _engine.Pause();
        }

        return Ask(_plain, _plainLoad);
    }
}

/// <summary>What one fleet answered, and how much of a core it took for that, an engine's thread within it left out.</summary>
internal sealed record FleetLap(LoadLap Load, double CpuShare)
{
    /// <summary>Several that took equally long as one.</summary>
    public static FleetLap Sum(IReadOnlyList<FleetLap> laps) => new(LoadLap.Sum(laps.Select(lap => lap.Load)), laps.Average(lap => lap.CpuShare));
}

/// <summary>What both fleets answered in the same stretch of time.</summary>
internal sealed record TwinLaps(FleetLap Merged, FleetLap Plain);
