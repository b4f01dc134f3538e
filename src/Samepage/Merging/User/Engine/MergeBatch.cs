using Samepage.Linux;
using Samepage.Linux.Memory;

namespace Samepage.Merging.User.Engine;

/// <summary>
/// Takes some chunks all the way: looks at their pages, asks the keeper, writes what is wanted into a segment, and
/// opens one window for each chunk in which something can be merged. One thread: the engine's.
/// </summary>
internal sealed unsafe class MergeBatch(
    Shelf shelf, MergeWindow window, GateLock gate, DirectFiles direct, EngineCounters counters, CpuAllowance allowance,
    MappingBudget budget, RefusedPages refused) : IDisposable
{
    /// <summary>Chunks that are taken together: 64 MiB, as much as a segment can hold.</summary>
    public const int ChunksMax = 32;

    /// <summary>Each run is a call to the kernel: who waits for a window should not wait for hundreds.</summary>
    private const int RunsPerWindowMax = 64;

    /// <summary>Of a quiet chunk one page in so many is read, another one each time.</summary>
    private const int SampleStride = 16;

    private readonly PostedPage[] _pages = new PostedPage[ChunksMax * MemberRegion.ChunkPages];
    private readonly List<Chunk> _chunks = new(ChunksMax);
    private readonly ulong[] _fresh = new ulong[MemberRegion.ChunkPages];
    private readonly ulong[] _asked = new ulong[MemberRegion.ChunkPages];
    private readonly UnmappableRuns _unmappable = new(budget);
    private readonly WindowPlan _plan = new();
    private readonly SegmentWriter _writer = new(gate);
    private int _count;
    private int _phase;

    /// <summary>Pages that a window may hold back, as the program set it; 0 where it said nothing.</summary>
    public int WindowPagesMax { get; set; }

    /// <summary>Pages merged by the last batch.</summary>
    public int MergedPages { get; private set; }

    /// <summary>Whether a chunk is waiting for what others write; taken back by whoever asks again.</summary>
    public bool HasWaiting { get; set; }

    /// <summary>Why no segment could be written; empty where nothing is wrong.</summary>
    public string Obstacle => _writer.Obstacle;

    /// <summary>Looks at chunks, and merges what can be.</summary>
    public void Run(ReadOnlySpan<Chunk> chunks, PageLooker looker, KeeperLink link, LookSchedule schedule)
    {
        Begin();
        foreach (var chunk in chunks)
        {
            if (schedule.IsSampleEnough(chunk)
                && looker.IsUnchanged(chunk, chunk.Region.Fingerprints(chunk), SampleStride, _phase++ % SampleStride))
            {
                LookSchedule.NoteQuiet(chunk);
                continue;
            }

            var known = chunk.Region.Fingerprints(chunk);
            var found = looker.Look(chunk, _fresh);
            chunk.IsUnfinished = false;
            schedule.NoteLook(chunk, known, _fresh, found);
            Add(chunk, looker);
            allowance.Rest();
        }

        counters.Now.ScannedPagesTotal = looker.ScannedPagesTotal;
        Finish(looker.ZeroFingerprint, link, schedule);
    }

    /// <summary>Asks again about what is known of chunks, without looking at a page.</summary>
    public void Sweep(ReadOnlySpan<Chunk> chunks, PageLooker looker, KeeperLink link, LookSchedule schedule)
    {
        Begin();
        foreach (var chunk in chunks)
        {
            Add(chunk, looker);
        }

        Finish(looker.ZeroFingerprint, link, schedule);
    }

    /// <summary>Asks about what is known of chunks, and has what is wanted written, but merges nothing.</summary>
    /// <returns>The pages with their answers, in ascending order of address; good until the next call.</returns>
    public ReadOnlySpan<PostedPage> Ask(ReadOnlySpan<Chunk> chunks, PageLooker looker, KeeperLink link)
    {
        Begin();
        foreach (var chunk in chunks)
        {
            Add(chunk, looker);
        }

        var pages = _pages.AsSpan(0, _count);
        link.Post(pages);
        Promote(pages, looker.ZeroFingerprint, link);
        return pages;
    }

    /// <summary>Lets go of memory that only a burst needs.</summary>
    public void Trim() => _writer.Trim();

    /// <summary>Where a page that the keeper calls stable stands; false where its segment cannot be had.</summary>
    public bool TryFind(in PostedPage page, KeeperLink link, out uint place, out uint slot)
    {
        place = shelf.PlaceOf(page.Answer.Segment);
        place = place == 0 ? Fetch(page.Answer.Segment, link) : place;
        slot = page.Answer.Slot + (page.Answer.IsExtent ? page.Page % (uint)MemberRegion.ChunkPages : 0);
        return place != 0 && slot < shelf.At(place).Pages;
    }

    /// <inheritdoc/>
    public void Dispose() => _plan.Dispose();

    private void Begin()
    {
        _chunks.Clear();
        (_count, MergedPages) = (0, 0);
    }

    private void Add(Chunk chunk, PageLooker looker)
    {
        var index = (ushort)_chunks.Count;
        _chunks.Add(chunk);
        chunk.Region.Fingerprints(chunk).CopyTo(_asked);

        // What is known of the rest is of a time when it could be merged too.
        _asked.AsSpan(0, chunk.PageOf(chunk.Start)).Clear();
        _asked.AsSpan(chunk.PageOf(chunk.End)).Clear();
        AddRetiring(chunk, looker);
        for (var page = 0; page < _asked.Length; page++)
        {
            if (_asked[page] != 0)
            {
                _pages[_count++] = new PostedPage
                {
                    Fingerprint = _asked[page],
                    Token = (uint)(chunk.Base / MemberRegion.PageBytes + (ulong)page),
                    Chunk = index,
                    Page = (ushort)page,
                };
            }
        }
    }

    /// <summary>What is still mapped from a segment that is to be emptied must find another.</summary>
    private void AddRetiring(Chunk chunk, PageLooker looker)
    {
        foreach (var run in (ReadOnlySpan<MergedRun>)System.Runtime.InteropServices.CollectionsMarshal.AsSpan(chunk.Runs))
        {
            var segment = shelf.At(run.Segment);
            for (var page = segment.RetiringSince is null ? run.End : run.First; page < run.End; page++)
            {
                if (_asked[page] == 0)
                {
                    _asked[page] = looker.Fingerprint(segment.Data + (run.Slot + page - run.First) * AnonymousMemory.PageSize);
                }
            }
        }
    }

    private void Finish(ulong zero, KeeperLink link, LookSchedule schedule)
    {
        var pages = _pages.AsSpan(0, _count);
        link.Post(pages);
        allowance.Rest();
        Promote(pages, zero, link);
        allowance.Rest();
        for (int first = 0, end; first < _count; first = end)
        {
            end = first;
            while (end < _count && _pages[end].Chunk == _pages[first].Chunk)
            {
                end++;
            }

            Merge(_chunks[_pages[first].Chunk], _pages.AsSpan(first, end - first), zero, link, schedule);
            allowance.Rest();
        }
    }

    /// <summary>Writes what others hold too into a segment, and asks about it again: now there is a stable page.</summary>
    private void Promote(Span<PostedPage> pages, ulong zero, KeeperLink link)
    {
        _unmappable.LeaveOut(pages);
        var segment = _writer.Write(
            pages, page => page.Answer == Protocol.Answer.Promote && page.Fingerprint != zero,
            page => _chunks[page.Chunk], allowance);
        counters.Now.PromotedPagesTotal = _writer.PromotedPagesTotal;
        if (segment < 0)
        {
            return;
        }

        if (link.Offer(segment) is not { } number || shelf.Add(number, segment) == 0)
        {
            FileHandle.Close(segment);
            return;
        }

        link.Post(pages);
    }

    private void Merge(
        Chunk chunk, ReadOnlySpan<PostedPage> pages, ulong zero, KeeperLink link, LookSchedule schedule)
    {
        _plan.Clear();
        chunk.IsWaiting = false;
        var (renewable, isShort) = (0, budget.RunPagesMin > 1);
        var windowPages = WindowPagesMax == 0 ? DefaultWindowPages(window.IsRealTime) : WindowPagesMax;
        foreach (ref readonly var page in pages)
        {
            if (_plan.Count > 0 && (page.Page / windowPages != _plan.First / windowPages || _plan.Runs == RunsPerWindowMax))
            {
                Commit(chunk, schedule);
            }

            // What was left out for want of mappings comes up again by the chunk's own schedule, in case there are some by then.
            var isLeftOut = page.Answer == Protocol.Answer.LeftOut || (isShort && page.Answer == Protocol.Answer.Promote);
            chunk.IsUnfinished |= isLeftOut;
            chunk.IsWaiting |= page.Answer == Protocol.Answer.Pending || (page.Answer == Protocol.Answer.Promote && !isLeftOut);
            if (RunList.At(chunk.Runs, page.Page) is { } run)
            {
                renewable += RenewalRule.TargetOf(chunk, run, page, zero, schedule.IsEager, shelf) is null ? 0 : 1;
            }
            else if (page.Fingerprint == zero)
            {
                _plan.AddZero(page.Page);
            }
            else if (page.Answer.IsStable && TryFind(page, link, out var place, out var slot))
            {
                _plan.Add(page.Page, shelf.At(place).Data + slot * (long)AnonymousMemory.PageSize, place, slot);
            }
        }

        HasWaiting |= chunk.IsWaiting;
        chunk.RenewablePages = (ushort)renewable;
        Commit(chunk, schedule);
    }

    private void Commit(Chunk chunk, LookSchedule schedule)
    {
        budget.Trim(_plan);
        Breakage.Base = chunk.Base;
        if (_plan.Count > 0)
        {
            var isCommitted = !direct.AreOpen && window.Commit(chunk, _plan, shelf) == WindowOutcome.Committed;
            chunk.IsUnfinished |= !isCommitted;
            if (isCommitted)
            {
                schedule.NoteWindow(chunk, _plan.Count, Settle(chunk));
            }
        }

        _plan.Clear();
    }

    /// <summary>Without real-time priority the scheduler may stop us in a window: then little should wait for it.</summary>
    private static int DefaultWindowPages(bool isRealTime) => isRealTime ? MemberRegion.ChunkPages : MemberRegion.ChunkPages / 8;

    private uint Fetch(uint number, KeeperLink link)
    {
        var descriptor = link.Open(number);
        if (descriptor < 0)
        {
            return 0;
        }

        var place = shelf.Add(number, descriptor);
        if (place == 0)
        {
            FileHandle.Close(descriptor);
        }

        return place;
    }

    /// <summary>Writes down what the window did. Gives the pages merged.</summary>
    private int Settle(Chunk chunk)
    {
        var known = chunk.Region.Fingerprints(chunk);
        var merged = 0;
        for (var page = _plan.First; page < _plan.End; page++)
        {
            switch (_plan.Fate[page])
            {
                case PageFate.Merged when _plan.Place[page] == 0:
                    known[page] = 0;
                    counters.Now.ZeroPagesTotal++;
                    merged++;
                    chunk.KnownPages--;
                    break;
                case PageFate.Merged:
                    known[page] = 0;
                    shelf.At(_plan.Place[page]).MappedPages++;
                    counters.Now.MergedPagesTotal++;
                    merged++;
                    chunk.KnownPages--;
                    break;
                case PageFate.Differed:
                    known[page] = 0;
                    chunk.IsUnfinished = true;
                    counters.Now.DifferedPagesTotal++;
                    break;
                case PageFate.Refused:
                    chunk.IsUnfinished = true;
                    refused.Add(chunk, page);
                    break;
                case PageFate.Unmapped:
                    budget.NoteRefusal();
                    break;
                default:
                    break;
            }
        }

        var before = RunList.Mappings(chunk.Runs);
        chunk.Runs = RunList.With(chunk.Runs, _plan);
        chunk.NoteRunMarks();
        chunk.Region.Trim(chunk);
        budget.Note(RunList.Mappings(chunk.Runs) - before);
        counters.Now.PinnedPagesTotal += (ulong)refused.Mend();
        MergedPages += merged;
        return merged;
    }
}
