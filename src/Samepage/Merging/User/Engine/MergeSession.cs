using Samepage.Guarding;
using Samepage.Linux;
using Samepage.Linux.Memory;
using Samepage.Linux.Proc;
using Samepage.Pages;

namespace Samepage.Merging.User.Engine;

/// <summary>
/// All that a member does with its memory while a keeper is there, and what it must be able to undo when none is. Lives
/// as long as the engine; the connection comes and goes. One thread: the engine's.
/// </summary>
internal sealed unsafe class MergeSession : IDisposable
{
    private const int ReportMilliseconds = 2_000;
    private const int EagerReportMilliseconds = 50;
    private const int RefreshMilliseconds = 100;
    private const int SweepMilliseconds = 500;
    private const int CollectionMilliseconds = 60_000;
    private const int IdlePassesMax = 3;

    private readonly Gate* _gate;
    private readonly EngineCounters _counters;
    private readonly Userfault _moveFault;
    private readonly Userfault _protectFault;
    private readonly Shelf _shelf;
    private readonly MappingBudget _budget = new();
    private readonly RegionCatalog _catalog;
    private readonly MergeWindow _window;
    private readonly RemapWindow _remap;
    private readonly Returner _returner;
    private readonly Renewer _renewer;
    private readonly RefusedPages _refused;
    private readonly MergeBatch _batch;
    private readonly LookSchedule _schedule;
    private readonly CpuAllowance _allowance;
    private readonly ProcFs _proc = new();
    private readonly ProcessorLoad _load;
    private readonly BreakGuard _guard;
    private readonly GrowthWatch _growth = new();
    private readonly DirectFiles _direct;
    private readonly List<Chunk> _due = [];
    private readonly long _heapAtStart;
    private PageLooker? _looker;
    private long _nextReport;
    private long _nextSweep;
    private long _nextCollection;
    private ulong _collectedAt;
    private long _nextRefresh;
    private uint _news;
    private uint _pass = 1;
    private int _chunksLookedAt;
    private bool _isPaused;

    /// <summary>Opens what the windows need; with the keeper's help where this process lacks the privilege.</summary>
    /// <exception cref="LinuxException">The kernel refuses a part of it: there can be no merging here.</exception>
    public MergeSession(
        Gate* gate, GateCalls* calls, GateLock gateLock, EngineCounters counters, CpuAllowance allowance, KeeperLink link)
    {
        _gate = gate;
        (_counters, _allowance) = (counters, allowance);
        var opener = new FaultOpener(link);
        _moveFault = opener.Open(Userfault.MoveFeature | Userfault.ForkFeature);
        _protectFault = opener.Open(Userfault.MoveFeature);
        _shelf = new Shelf();
        _direct = new DirectFiles(_proc, Environment.ProcessId);
        var ledger = new RunLedger(_shelf, _budget);
        _catalog = new RegionCatalog(gate, gateLock, ledger);
        _window = new MergeWindow(_moveFault, gateLock, counters);
        _remap = new RemapWindow(new WriteHold(_protectFault, calls, gateLock, counters), _shelf);
        _returner = new Returner(_remap, _catalog, ledger, _direct, counters);
        _refused = new RefusedPages(gateLock);
        _batch = new MergeBatch(_shelf, _window, gateLock, _direct, counters, allowance, _budget, _refused);
        _renewer = new Renewer(_remap, _batch, _catalog, _shelf, ledger, _budget, _direct, counters);
        _schedule = new LookSchedule(counters, ledger);
        _guard = new BreakGuard(_proc);
        _load = new ProcessorLoad(_proc);
        TakeLimits();
        _heapAtStart = GC.GetTotalMemory(false);
    }

    /// <summary>A keeper is there: its key, its numbers of segments.</summary>
    /// <exception cref="KeeperLostException">It is gone again.</exception>
    public void Join(KeeperLink link)
    {
        // Never twice: what it gives back may be the program's by then.
        var former = _looker;
        _looker = null;
        former?.Dispose();
        _looker = new PageLooker(new PageHasher(link.Key), link.BorrowScratch());
        _catalog.ForgetFingerprints();
        _shelf.ForgetNumbers();
        foreach (var (place, segment) in _shelf.Segments.ToArray())
        {
            if (link.Offer(segment.Descriptor) is { } number)
            {
                _shelf.Renumber(place, number);
            }
        }
    }

    /// <summary>The keeper is gone.</summary>
    public void Lose() => _shelf.ForgetNumbers();

    /// <summary>Takes over what the program has set.</summary>
    public void TakeLimits()
    {
        _budget.SetLimit(_gate->Limits.MappingsMax);
        _batch.WindowPagesMax = (int)Math.Min(_gate->Limits.WindowPagesMax, MemberRegion.ChunkPages);
    }

    /// <summary>One turn: a batch of what is due, what was promoted meanwhile, what should be returned, a report.</summary>
    /// <returns>Whether there is more to do at once.</returns>
    public bool Turn(KeeperLink link, bool isEager)
    {
        SetHaste(isEager);
        RefreshIfStale(isUrgent: false);
        if (_growth.IsNoticed())
        {
            LookSchedule.Hasten(_catalog.Chunks);
        }

        ReportIfTime(link, isEager);
        if (MustPause())
        {
            EndPass(link);
            return false;
        }

        var isMore = _news > 0;
        if (isMore || (_batch.HasWaiting && LookSchedule.Now >= _nextSweep))
        {
            Sweep(link, isMore ? chunk => chunk.KnownPages > 0 : chunk => chunk.IsWaiting);
        }

        CollectDue(MergeBatch.ChunksMax);
        if (_due.Count > 0)
        {
            Look(link);
            NoteObstacle();
        }
        else
        {
            EndPass(link);
        }

        _ = _renewer.Turn(_looker!, link, isEager);
        return isMore || (_due.Count > 0 && !isEager);
    }

    /// <summary>Looks at everything now.</summary>
    /// <returns>Pages merged.</returns>
    public long ScanAll(KeeperLink link, long deadline)
    {
        SetHaste(true);
        RefreshIfStale(isUrgent: true);
        long merged = 0;
        for (var first = 0; first < _catalog.Chunks.Count && LookSchedule.Now < deadline; first += MergeBatch.ChunksMax)
        {
            _due.Clear();
            _due.AddRange(_catalog.Chunks.Skip(first).Take(MergeBatch.ChunksMax).Where(chunk => chunk.IsEligible));
            Look(link);
            merged += _batch.MergedPages;
            NoteObstacle();
        }

        if (LookSchedule.Now < deadline)
        {
            merged += Sweep(link, chunk => chunk.KnownPages > 0);
            for (var renewed = 1; renewed > 0 && LookSchedule.Now < deadline; merged += renewed)
            {
                renewed = _renewer.Turn(_looker!, link, isEager: true);
            }
        }

        EndPass(link);
        _news = link.Report(_counters, _shelf);
        return merged;
    }

    /// <summary>Makes every page of a range anonymous and private again.</summary>
    /// <returns>False where memory would not suffice, and nothing was done.</returns>
    public bool Unmerge(ulong start, ulong end)
    {
        RefreshIfStale(isUrgent: true);
        var needed = _returner.MergedBytes(start, end);
        if (needed > 0 && _guard.Refusal(Environment.ProcessId, needed) is { } refusal)
        {
            _counters.Reason = $"unmerging refused: {refusal}";
            return false;
        }

        _returner.ReturnAll(start, end);
        return true;
    }

    /// <summary>Brings the counters that are not totals up to date.</summary>
    public void Count()
    {
        long mapped = 0, broken = 0;
        foreach (var segment in _shelf.Segments.Values)
        {
            mapped += segment.MappedPages;
            broken += segment.BrokenPages;
        }

        _counters.Now.AdvisedBytes = _catalog.AdvisedBytes;
        _counters.Now.MergedPages = (ulong)Math.Max(0, mapped - broken);
        _counters.Now.BrokenPages = (ulong)Math.Max(0, broken);
        _counters.Now.Segments = (ulong)_shelf.Segments.Count;
        _counters.Now.Mappings = (ulong)_budget.Used;
        _counters.Now.MetadataBytes = _catalog.TableBytes + (ulong)Math.Max(0, GC.GetTotalMemory(false) - _heapAtStart);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var place in _shelf.Segments.Keys.ToArray())
        {
            _shelf.Remove(place);
        }

        _remap.Dispose();
        _batch.Dispose();
        _refused.Dispose();
        _window.Dispose();
        _looker?.Dispose();
        _catalog.Dispose();
        _moveFault.Dispose();
        _protectFault.Dispose();
    }

    private static ReadOnlySpan<Chunk> Span(List<Chunk> chunks) => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(chunks);

    /// <summary>Reading the mappings takes milliseconds: a program that changes them all the time must not pay for it each time.</summary>
    private void RefreshIfStale(bool isUrgent)
    {
        if (_catalog.IsStale && (isUrgent || LookSchedule.Now >= _nextRefresh))
        {
            _catalog.Refresh();
            _nextRefresh = LookSchedule.Now + RefreshMilliseconds;
        }
    }

    private void ReportIfTime(KeeperLink link, bool isEager)
    {
        if (LookSchedule.Now >= _nextReport)
        {
            _nextReport = LookSchedule.Now + (isEager ? EagerReportMilliseconds : ReportMilliseconds);
            if (!isEager)
            {
                _load.Observe(TimeSpan.FromMilliseconds(LookSchedule.Now));
                _allowance.Choose(MemoryShortage.IsNear(_proc), _load.IsBusy);
            }

            Count();
            _news += link.Report(_counters, _shelf);
        }
    }

    private void Look(KeeperLink link)
    {
        _batch.Run(Span(_due), _looker!, link, _schedule);
        _chunksLookedAt += _due.Count;
        if (_chunksLookedAt >= _catalog.Chunks.Count)
        {
            _chunksLookedAt -= _catalog.Chunks.Count;
            _counters.Now.PassesTotal++;
        }
    }

    private void CollectDue(int most)
    {
        _due.Clear();
        var now = LookSchedule.Now;
        var chunks = _catalog.Chunks;
        for (var i = 0; i < chunks.Count && _due.Count < most; i++)
        {
            var chunk = chunks[i];
            if (_schedule.IsDue(chunk, now) && chunk.LastPass != _pass)
            {
                chunk.LastPass = _pass;
                _due.Add(chunk);
            }
        }
    }

    /// <summary>Everything that was due was looked at, or nothing may be: lets go of segments that are no longer mapped.</summary>
    private void EndPass(KeeperLink link)
    {
        _pass++;
        _budget.Forget();
        GiveHeapBack();
        foreach (var (place, segment) in _shelf.Segments.ToArray())
        {
            segment.IdlePasses = segment.MappedPages <= 0 ? segment.IdlePasses + 1 : 0;
            if (segment.IdlePasses > IdlePassesMax)
            {
                link.Close(segment.Number);
                _shelf.Remove(place);
            }
        }
    }

    /// <summary>A burst of merging leaves a heap behind that nothing would make the collector look at for long.</summary>
    private void GiveHeapBack()
    {
        if (_counters.Now.MergedPagesTotal != _collectedAt && LookSchedule.Now >= _nextCollection)
        {
            (_collectedAt, _nextCollection) = (_counters.Now.MergedPagesTotal, LookSchedule.Now + CollectionMilliseconds);
            _batch.Trim();
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        }
    }

    /// <summary>Asks again about what is known of chunks, without looking at a page.</summary>
    private long Sweep(KeeperLink link, Func<Chunk, bool> isMeant)
    {
        (_news, _batch.HasWaiting, _nextSweep) = (0, false, LookSchedule.Now + SweepMilliseconds);
        long merged = 0;
        for (var first = 0; first < _catalog.Chunks.Count; first += MergeBatch.ChunksMax)
        {
            _due.Clear();
            _due.AddRange(_catalog.Chunks.Skip(first).Take(MergeBatch.ChunksMax).Where(chunk => chunk.IsEligible && isMeant(chunk)));
            if (_due.Count > 0)
            {
                _batch.Sweep(Span(_due), _looker!, link, _schedule);
                merged += _batch.MergedPages;
            }
        }

        return merged;
    }

    private void SetHaste(bool isEager) => (_schedule.IsEager, _allowance.IsUnlimited) = (isEager, isEager);

    /// <summary>
    /// Whether the program has files open that forbid merging, which is the reason given meanwhile. Whoever is about to
    /// replace a page looks for them; while there is nothing to replace, nobody does.
    /// </summary>
    private bool MustPause()
    {
        if (_direct.Found is null && !_isPaused)
        {
            return false;
        }

        var isOpen = _direct.AreOpen;
        if (isOpen || _isPaused)
        {
            _counters.Reason = _direct.Found ?? "";
        }

        return _isPaused = isOpen;
    }

    private void NoteObstacle()
    {
        if (_batch.Obstacle.Length > 0)
        {
            _counters.Reason = _batch.Obstacle;
        }
        else if (_budget.IsShort)
        {
            _counters.Reason = $"short of mappings: {_budget.Used} of {_budget.Limit} used (vm.max_map_count), short runs are left out";
        }
    }
}
