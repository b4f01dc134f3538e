using Samepage.Governing;

namespace Samepage.Tests.Governing.Simulated;

/// <summary>
/// ksmd as far as a governor can tell: turns of so many pages and pauses, passes over all guests in turn with newcomers
/// just behind the place where it stands, a merge at the second look at an unchanged page only, an unstable tree that
/// begins anew with every pass, smart scan's ages, and what each of that costs.
/// </summary>
internal sealed class SimulatedKsmd(double costFactor = 1)
{
    private readonly List<List<SimulatedBlock>> _guests = [];
    private readonly Dictionary<long, int> _stable = [];
    private readonly Dictionary<long, SimulatedBlock> _unstable = [];
    private ScanOrder _order = new(false, 100, 20, true);
    private int _guest, _block;
    private double _pagesLeftOfBlock, _costOfBlock, _pagesLeftOfTurn, _pauseLeft;
    private bool _isCounted;

    public double CpuSeconds { get; private set; }

    public double PagesScanned { get; private set; }

    public long FullScans { get; private set; }

    public long SleepMilliseconds => _order.SleepMilliseconds;

    public long SharedBlocks => _stable.Count;

    public long SavedBlocks { get; private set; }

    public long TrackedBlocks { get; private set; }

    public void Apply(ScanOrder order)
    {
        // Writing another value to sleep_millisecs wakes ksmd; a turn that is under way goes on to its end.
        _pauseLeft = order.SleepMilliseconds != _order.SleepMilliseconds ? 0 : _pauseLeft;
        _order = order;
    }

    public void Add(List<SimulatedBlock> guest)
    {
        // At the start of a pass the place behind ksmd is the end of the round.
        if ((_guest, _block) != (0, 0) && _guest < _guests.Count)
        {
            _guests.Insert(_guest++, guest);
        }
        else
        {
            _guests.Add(guest);
        }
    }

    public void Remove(List<SimulatedBlock> guest)
    {
        var at = _guests.IndexOf(guest);
        _guests.RemoveAt(at);
        (_guest, _block) = at < _guest ? (_guest - 1, _block) : at == _guest ? (_guest, 0) : (_guest, _block);
        foreach (var block in guest)
        {
            Leave(block);
            TrackedBlocks -= block.State == BlockState.Unseen ? 0 : 1;
            block.IsGone = true;
        }
    }

    /// <summary>The guest writes: what was merged gets frames of its own.</summary>
    public void Write(SimulatedBlock block, long content)
    {
        Leave(block);
        block.State = block.State == BlockState.Unseen ? BlockState.Unseen : BlockState.Volatile;
        block.Content = content;
    }

    /// <summary>Lets time go by, of which ksmd gets at most a part of a core.</summary>
    public void Advance(double seconds, double coreShare)
    {
        while (seconds > 1e-9)
        {
            if (_pagesLeftOfTurn <= 0)
            {
                if (!_order.IsRunning || _guests.Count == 0)
                {
                    return;
                }

                var pause = Math.Min(_pauseLeft, seconds);
                (_pauseLeft, seconds) = (_pauseLeft - pause, seconds - pause);
                if (_pauseLeft > 1e-9 || seconds <= 1e-9)
                {
                    return;
                }

                _pagesLeftOfTurn = _order.PagesToScan;
            }

            seconds -= Scan(seconds * coreShare) / coreShare;
        }
    }

    private double Scan(double cpuLeft)
    {
        if (_pagesLeftOfBlock <= 0 && !NextBlock())
        {
            // The end of a pass ends the turn, however many pages it had left.
            (_pagesLeftOfTurn, _pauseLeft) = (0, _order.SleepMilliseconds / 1000.0);
            return 0;
        }

        var pages = Math.Min(_pagesLeftOfBlock, _isCounted ? _pagesLeftOfTurn : double.MaxValue);
        pages = Math.Min(pages, cpuLeft / _costOfBlock);
        _pagesLeftOfBlock -= pages;
        CpuSeconds += pages * _costOfBlock;
        if (_isCounted)
        {
            PagesScanned += pages;
            _pagesLeftOfTurn -= pages;
            _pauseLeft = _pagesLeftOfTurn <= 1e-9 ? _order.SleepMilliseconds / 1000.0 : 0;
            _pagesLeftOfTurn = _pagesLeftOfTurn <= 1e-9 ? 0 : _pagesLeftOfTurn;
        }

        _pagesLeftOfBlock = _pagesLeftOfBlock <= 1e-9 ? 0 : _pagesLeftOfBlock;
        return Math.Max(1e-12, pages * _costOfBlock);
    }

    private bool NextBlock()
    {
        while (_guest < _guests.Count && _block >= _guests[_guest].Count)
        {
            (_guest, _block) = (_guest + 1, 0);
        }

        if (_guest >= _guests.Count)
        {
            (_guest, _block) = (0, 0);
            FullScans++;
            foreach (var unshared in _unstable.Values.Where(block => block.State == BlockState.Unshared))
            {
                unshared.State = BlockState.Volatile;
            }

            _unstable.Clear();
            return false;
        }

        var block = _guests[_guest][_block++];
        _pagesLeftOfBlock = SimulatedBlock.Pages;
        _isCounted = !Skips(block);
        _costOfBlock = costFactor * 1e-6 * (_isCounted ? Look(block) : 0.15);
        return true;
    }

    /// <summary>The kernel's should_skip_rmap_item.</summary>
    private bool Skips(SimulatedBlock block)
    {
        if (!_order.PassesOver || block.State is BlockState.Unseen or BlockState.Stable)
        {
            return false;
        }

        block.Age++;
        if (block.Age < 3)
        {
            return false;
        }

        if (block.SkipsLeft-- > 0)
        {
            return true;
        }

        block.SkipsLeft = block.Age switch { <= 4 => 1, <= 8 => 2, <= 16 => 4, _ => 8 };
        return false;
    }

    /// <summary>Looks at a block, merges where it can, and says what a page of that costs in microseconds.</summary>
    private double Look(SimulatedBlock block)
    {
        if (block.State == BlockState.Stable)
        {
            return 0.3;
        }

        TrackedBlocks += block.State == BlockState.Unseen ? 1 : 0;
        block.State = BlockState.Volatile;
        if (block.Checksum != block.Content)
        {
            block.Checksum = block.Content;
            return 0.6;
        }

        if (_stable.ContainsKey(block.Content))
        {
            Join(block);
            return 8;
        }

        if (_unstable.TryGetValue(block.Content, out var other) && other != block
            && other.Content == block.Content && !other.IsGone && other.State == BlockState.Unshared)
        {
            _unstable.Remove(block.Content);
            Join(other);
            Join(block);
            return 8;
        }

        _unstable[block.Content] = block;
        block.State = BlockState.Unshared;
        return 0.7;
    }

    private void Join(SimulatedBlock block)
    {
        var holders = _stable.GetValueOrDefault(block.Content);
        _stable[block.Content] = holders + 1;
        SavedBlocks += holders > 0 ? 1 : 0;
        (block.State, block.Age, block.SkipsLeft) = (BlockState.Stable, 0, 0);
    }

    private void Leave(SimulatedBlock block)
    {
        if (block.State != BlockState.Stable)
        {
            return;
        }

        var holders = --_stable[block.Content];
        SavedBlocks -= holders > 0 ? 1 : 0;
        if (holders == 0)
        {
            _stable.Remove(block.Content);
        }
    }
}
