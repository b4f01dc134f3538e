using Samepage.Governing;

namespace Samepage.Tests.Governing.Simulated;

/// <summary>
/// A host of guests that come, work and go, with ksmd and pressures, all from one seed: the same seed gives the same
/// history to the last page.
/// </summary>
internal sealed class SimulatedHost(int seed, double costFactor = 1, long totalMegabytes = 64 * 1024)
{
    private const double Step = 0.05;
    private readonly Random _random = new(seed);
    private const int Processors = 4;
    private readonly PriorityQueue<(SimulatedGuest Guest, SimulatedBlock Block), double> _writes = new();
    private readonly List<(SimulatedGuest Guest, int Common)> _booting = [];
    private double _seconds, _othersSeconds;
    private long _nextContent = 1_000_000;

    public SimulatedKsmd Ksmd { get; } = new(costFactor);

    public List<SimulatedGuest> Guests { get; } = [];

    public TimeSpan Now => TimeSpan.FromSeconds(_seconds);

    /// <summary>PSI of the CPU by time, without what ksmd adds.</summary>
    public Func<double, double> CpuPressure { get; set; } = _ => 0;

    /// <summary>The part of all processors' time that others than ksmd take, by time.</summary>
    public Func<double, double> OthersBusy { get; set; } = _ => 0;

    /// <summary>What the daemon takes of a core, all the time.</summary>
    public double DaemonShare { get; set; }

    public Func<double, double> MemoryPressure { get; set; } = _ => 0;

    /// <summary>Memory that programs other than the guests take, by time.</summary>
    public Func<double, long> OtherMegabytes { get; set; } = _ => 1024;

    public long PresentMegabytes => Guests.Sum(guest => (long)guest.Blocks.Count);

    public long AvailableMegabytes =>
        Math.Max(0, totalMegabytes - PresentMegabytes + Ksmd.SavedBlocks - OtherMegabytes(_seconds));

    /// <summary>Cumulated CPU time of ksmd at each step of the simulation.</summary>
    public List<(double At, double CpuSeconds)> CpuLog { get; } = [];

    public double SavedGigabyteSeconds { get; private set; }

    public SimulatedGuest Arrive(GuestKind kind)
    {
        var guest = new SimulatedGuest(kind, Now);
        Guests.Add(guest);
        Ksmd.Add(guest.Blocks);
        _booting.Add((guest, (int)(kind.Megabytes * kind.CommonShare)));
        Boot();
        return guest;
    }

    public void Leave(SimulatedGuest guest)
    {
        Guests.Remove(guest);
        _booting.RemoveAll(entry => entry.Guest == guest);
        Ksmd.Remove(guest.Blocks);
    }

    public HostSample Sample(long? promise = null, bool isHeld = false) => new(
        Now, Ksmd.FullScans, (long)Ksmd.PagesScanned, Ksmd.SavedBlocks * SimulatedBlock.Pages, Ksmd.TrackedBlocks * SimulatedBlock.Pages,
        ((Ksmd.SavedBlocks * 4096) - (Ksmd.TrackedBlocks * 64)) * SimulatedBlock.Pages, (long)(Ksmd.CpuSeconds * 1e9),
        Math.Clamp(CpuPressure(_seconds) + OwnPressure(), 0, 100), MemoryPressure(_seconds), AvailableMegabytes << 20, totalMegabytes << 20,
        PresentMegabytes * SimulatedBlock.Bytes, Guests.Count, promise, isHeld,
        (long)((_othersSeconds + Ksmd.CpuSeconds) * 1e9), Processors, Ksmd.SleepMilliseconds, DaemonCpuNanoseconds: (long)(_seconds * DaemonShare * 1e9));

    public void Advance(TimeSpan time)
    {
        for (var end = _seconds + time.TotalSeconds; _seconds < end - 1e-9;)
        {
            var step = Math.Min(Step, end - _seconds);
            Ksmd.Advance(step, CpuPressure(_seconds) > 50 ? 0.6 : 1);
            _othersSeconds += OthersBusy(_seconds) * Processors * step;
            _seconds += step;
            CpuLog.Add((_seconds, Ksmd.CpuSeconds));
            SavedGigabyteSeconds += Ksmd.SavedBlocks / 1024.0 * step;
            Boot();
            Write();
        }
    }

    /// <summary>What part of a guest's duplicates, by an oracle that knows all contents, is merged now.</summary>
    public double MergedShareOf(SimulatedGuest guest)
    {
        var holders = Guests.SelectMany(each => each.Blocks).Where(block => block.IsCommon).CountBy(block => block.Content).ToDictionary();
        var duplicates = guest.Blocks.Where(block => block.IsCommon && holders[block.Content] > 1).ToList();
        return duplicates.Count == 0 ? 1 : duplicates.Count(block => block.State == BlockState.Stable) / (double)duplicates.Count;
    }

    /// <summary>CPU time spent up to a moment.</summary>
    public double CpuSecondsAt(double at)
    {
        var index = CpuLog.BinarySearch((at, double.MaxValue));
        index = index < 0 ? ~index - 1 : index;
        return index < 0 ? 0 : CpuLog[index].CpuSeconds;
    }

    /// <summary>On a crowded machine somebody waits for ksmd, or ksmd for somebody.</summary>
    private double OwnPressure()
    {
        var share = (Ksmd.CpuSeconds - CpuSecondsAt(_seconds - 10)) / Math.Clamp(_seconds, 1, 10);
        return 100 * share * Math.Min(1, CpuPressure(_seconds) / 50);
    }

    private void Boot()
    {
        foreach (var (guest, common) in _booting)
        {
            var kind = guest.Kind;
            var part = kind.BootSeconds <= 0 ? 1 : Math.Min(1, (Now - guest.ArrivedAt).TotalSeconds / kind.BootSeconds);
            while (guest.Blocks.Count < kind.Megabytes * part)
            {
                AddBlock(guest, common);
            }
        }

        _booting.RemoveAll(entry => entry.Guest.Blocks.Count >= entry.Guest.Kind.Megabytes);
    }

    private void AddBlock(SimulatedGuest guest, int common)
    {
        var index = guest.Blocks.Count;
        var block = new SimulatedBlock { IsCommon = index < common, Content = index < common ? index + FirstOf(guest.Kind) : _nextContent++ };
        guest.Blocks.Add(block);
        if (!block.IsCommon && _random.NextDouble() < guest.Kind.BusyShare / Math.Max(0.01, 1 - guest.Kind.CommonShare))
        {
            _writes.Enqueue((guest, block), _seconds + (_random.NextDouble() * 5));
        }
        else if (block.IsCommon && guest.Kind.ChurnSeconds > 0)
        {
            _writes.Enqueue((guest, block), _seconds + Exponential(guest.Kind.ChurnSeconds));
        }
    }

    private void Write()
    {
        while (_writes.TryPeek(out var write, out var at) && at <= _seconds)
        {
            _writes.Dequeue();
            if (!write.Block.IsGone)
            {
                // What is common stays common: it is read anew, after a moment as something else.
                Ksmd.Write(write.Block, write.Block.IsCommon ? FirstOf(write.Guest.Kind) + _random.Next((int)(write.Guest.Kind.Megabytes * write.Guest.Kind.CommonShare)) : _nextContent++);
                _writes.Enqueue(write, at + (write.Block.IsCommon ? Exponential(write.Guest.Kind.ChurnSeconds) : 1 + (_random.NextDouble() * 5)));
            }
        }
    }

    private static long FirstOf(GuestKind kind) => kind.Family * 100_000;

    private double Exponential(double mean) => -mean * Math.Log(1 - _random.NextDouble());
}
