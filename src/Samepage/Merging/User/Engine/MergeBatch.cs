using Samepage.Linux;
using Samepage.Linux.Memory;

namespace Samepage.Merging.User.Engine;

/// <summary>
/// Takes some chunks all the way: looks at their pages, asks the keeper, writes what is wanted into a segment, and
/// opens one window for each chunk in which something can be merged. One thread: the engine's.
/// </summary>
internal sealed unsafe class MergeBatch(
    Shelf shelf, MergeWindow window, EngineCounters counters, MappingBudget budget, RefusedPages refused) : IDisposable
{
    /// <summary>Chunks that are taken together: 64 MiB, as much as a segment can hold.</summary>
    public const int ChunksMax = 32;

    /// <summary>Of a quiet chunk one page in so many is read, another one each time.</summary>
    private const int SampleStride = 16;

    private readonly PostedPage[] _pages = new PostedPage[ChunksMax * MemberRegion.ChunkPages];
    private readonly List<Chunk> _chunks = new(ChunksMax);
    private readonly ulong[] _fresh = new ulong[MemberRegion.ChunkPages];
    private readonly WindowPlan _plan = new();
    private readonly SegmentWriter _writer = new();
    private int _count;
    private int _phase;

    /// <summary>Pages that a window may hold back, as the program set it; 0 for a whole chunk.</summary>
    public int WindowPagesMax { get; set; }

    /// <summary>Pages merged by the last batch.</summary>
    public int MergedPages { get; private set; }

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
            schedule.NoteLook(chunk, known, _fresh, found);
            _fresh.CopyTo(known);
            chunk.KnownPages = (ushort)found;
            Add(chunk, known);
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
            Add(chunk, chunk.Region.Fingerprints(chunk));
        }

        Finish(looker.ZeroFingerprint, link, schedule);
    }

    /// <inheritdoc/>
    public void Dispose() => _plan.Dispose();

    private void Begin()
    {
        _chunks.Clear();
        (_count, MergedPages) = (0, 0);
    }

    private void Add(Chunk chunk, ReadOnlySpan<ulong> fingerprints)
    {
        var index = (ushort)_chunks.Count;
        _chunks.Add(chunk);
        for (var page = 0; page < fingerprints.Length; page++)
        {
            if (fingerprints[page] != 0)
            {
                _pages[_count++] = new PostedPage
                {
                    Fingerprint = fingerprints[page],
                    Token = (uint)(chunk.Base / MemberRegion.PageBytes + (ulong)page),
                    Chunk = index,
                    Page = (ushort)page,
                };
            }
        }
    }

    private void Finish(ulong zero, KeeperLink link, LookSchedule schedule)
    {
        var pages = _pages.AsSpan(0, _count);
        link.Post(pages);
        Promote(pages, zero, link);
        for (int first = 0, end; first < _count; first = end)
        {
            end = first;
            while (end < _count && _pages[end].Chunk == _pages[first].Chunk)
            {
                end++;
            }

            Merge(_chunks[_pages[first].Chunk], _pages.AsSpan(first, end - first), zero, link, schedule);
        }
    }

    /// <summary>Writes what others hold too into a segment, and asks about it again: now there is a stable page.</summary>
    private void Promote(Span<PostedPage> pages, ulong zero, KeeperLink link)
    {
        if (budget.IsNearlySpent)
        {
            return;
        }

        var segment = _writer.Write(
            pages, page => page.Answer == Protocol.Answer.Promote && page.Fingerprint != zero,
            page => _chunks[page.Chunk].Base + page.Page * MemberRegion.PageBytes);
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
        var returnable = 0;
        var windowPages = WindowPagesMax == 0 ? DefaultWindowPages(window.IsRealTime) : WindowPagesMax;
        foreach (ref readonly var page in pages)
        {
            if (_plan.Count > 0 && page.Page / windowPages != _plan.First / windowPages)
            {
                Commit(chunk, schedule);
            }

            var isZero = page.Fingerprint == zero;
            if (!isZero && !page.Answer.IsStable && page.Answer != Protocol.Answer.Promote)
            {
                continue;
            }

            if (RunList.Covers(chunk.Runs, page.Page))
            {
                returnable++;
            }
            else if (isZero)
            {
                _plan.AddZero(page.Page);
            }
            else if (page.Answer.IsStable)
            {
                AddStable(page, link);
            }
        }

        chunk.ReturnablePages = (ushort)returnable;
        Commit(chunk, schedule);
    }

    private void Commit(Chunk chunk, LookSchedule schedule)
    {
        budget.Trim(_plan);
        Breakage.Base = chunk.Base;
        if (_plan.Count > 0 && window.Commit(chunk, _plan, shelf) == WindowOutcome.Committed)
        {
            schedule.NoteWindow(chunk, _plan.Count, Settle(chunk));
        }

        _plan.Clear();
    }

    /// <summary>Without real-time priority the scheduler may stop us in a window: then little should wait for it.</summary>
    private static int DefaultWindowPages(bool isRealTime) => isRealTime ? MemberRegion.ChunkPages : MemberRegion.ChunkPages / 8;

    private void AddStable(in PostedPage page, KeeperLink link)
    {
        var place = shelf.PlaceOf(page.Answer.Segment);
        if (place == 0)
        {
            place = Fetch(page.Answer.Segment, link);
        }

        if (place == 0)
        {
            return;
        }

        var segment = shelf.At(place);
        var slot = page.Answer.Slot + (page.Answer.IsExtent ? page.Page % (uint)MemberRegion.ChunkPages : 0);
        if (slot < segment.Pages)
        {
            _plan.Add(page.Page, segment.Data + slot * (long)AnonymousMemory.PageSize, place, slot);
        }
    }

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
                    counters.Now.DifferedPagesTotal++;
                    break;
                case PageFate.Refused:
                    refused.Add(chunk, page);
                    break;
                case PageFate.Unmapped:
                    budget.NoteRefusal();
                    break;
                default:
                    break;
            }
        }

        var before = chunk.Runs?.Count ?? 0;
        chunk.Runs = RunList.With(chunk.Runs, _plan);
        chunk.NoteRunMarks();
        budget.Note((chunk.Runs?.Count ?? 0) - before);
        counters.Now.PinnedPagesTotal += (ulong)refused.Mend();
        MergedPages += merged;
        return merged;
    }
}
