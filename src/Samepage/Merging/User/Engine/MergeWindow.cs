using System.Diagnostics;
using Samepage.Linux;
using Samepage.Linux.Memory;
using Samepage.Linux.Proc;

namespace Samepage.Merging.User.Engine;

/// <summary>How a window ended.</summary>
internal enum WindowOutcome
{
    /// <summary>It was open; the plan's fates tell page by page.</summary>
    Committed,

    /// <summary>The mappings had changed since the plan was made; nothing was done.</summary>
    Stale,

    /// <summary>The kernel did not let the chunk be held back; nothing was done.</summary>
    Refused,
}

/// <summary>
/// The one place where memory of the program is replaced. A window holds back all accesses to missing pages of one
/// chunk, takes the pages of the plan away (UFFDIO_MOVE moves page table entries, it copies nothing), compares them
/// where nobody else can reach them, maps the stable pages in their place, and puts back what differs.
/// </summary>
/// <remarks>
/// <para>Why no byte can be wrong: a page is compared after it was moved. From then on no thread can read or write it,
/// for its address has no page and who touches it waits; and no device can, as the kernel refuses to move a page that
/// is pinned. So what was compared is what the program would have read. A segment never changes once sealed. The page
/// that the program finds after the window is thus equal to the one it left, byte for byte, or it is that very
/// one.</para>
/// <para>Inside the window this thread touches no memory of the program (it would wait for itself), allocates nothing
/// (a collection could wait for a thread that waits for us), takes no lock that others hold while they touch memory,
/// and calls no wrapped function of the C library. It runs at real-time priority where that is allowed: who waits
/// should not wait for the scheduler as well.</para>
/// <para>docs/internals/user-engine.md goes through it step by step.</para>
/// </remarks>
internal sealed unsafe class MergeWindow : IDisposable
{
    private const ulong PageBytes = MemberRegion.PageBytes;
    private const int TriesMax = 8;

    private readonly Userfault _fault;
    private readonly EngineCounters _counters;
    private readonly RealTimeTurn _turn;
    private readonly GateLock _gate;
    private readonly AsideArea _aside;

    /// <summary>Prepares the place where pages are moved to.</summary>
    /// <exception cref="LinuxException">There is no address space for it, or it cannot be registered.</exception>
    public MergeWindow(Userfault fault, GateLock gate, EngineCounters counters)
    {
        _fault = fault;
        _gate = gate;
        _counters = counters;
        _turn = new RealTimeTurn();
        _aside = new AsideArea(fault);
    }

    /// <summary>Whether windows run at real-time priority.</summary>
    public bool IsRealTime => _turn.IsAllowed;

    /// <summary>Does what a plan says with one chunk.</summary>
    /// <param name="chunk">The chunk.</param>
    /// <param name="plan">Its pages; fates are filled in.</param>
    /// <param name="shelf">Where the plan's segments are.</param>
    public WindowOutcome Commit(Chunk chunk, WindowPlan plan, Shelf shelf)
    {
        _gate.Hold();
        if (!_gate.IsStillAdvised(chunk, plan.First, plan.End))
        {
            _gate.Release();
            return WindowOutcome.Stale;
        }

        _turn.Begin();
        var begin = Stopwatch.GetTimestamp();
        var isOpen = Open(chunk, plan);
        if (isOpen)
        {
            TakeAside(chunk, plan);
            Compare(plan);
            MapStable(chunk, plan, shelf);
            PutBack(chunk, plan);
            Close(chunk, plan);
            _counters.NoteWindow(Stopwatch.GetElapsedTime(begin));
        }

        _aside.Close();
        _turn.End();
        if (isOpen)
        {
            KeepMarks(chunk, plan);
            AnswerForks(chunk, plan);
        }

        _gate.Release();
        _aside.Empty();
        return isOpen ? WindowOutcome.Committed : WindowOutcome.Refused;
    }

    /// <inheritdoc/>
    public void Dispose() => _aside.Dispose();

    private bool Open(Chunk chunk, WindowPlan plan)
    {
        var mode = Breakage.Is(BreakageKind.WriteProtect) ? UserfaultModes.WriteProtect | UserfaultModes.Missing : UserfaultModes.Missing;
        var (start, bytes) = (chunk.AddressOf(plan.First), (ulong)(plan.End - plan.First) * PageBytes);
        if (!_aside.Open())
        {
            return false;
        }

        if (_fault.Register(start, bytes, mode) == Errno.None)
        {
            return true;
        }

        // Where a mapping could not be split (vm.max_map_count), those before it are registered all the same.
        _ = _fault.Unregister(start, bytes);
        _ = _fault.Wake(start, bytes);
        return false;
    }

    private void TakeAside(Chunk chunk, WindowPlan plan)
    {
        if (Breakage.Is(BreakageKind.WriteProtect))
        {
            _ = _fault.WriteProtect(chunk.AddressOf(plan.First), (ulong)(plan.End - plan.First) * PageBytes, isProtected: true);
        }

        for (var page = plan.First; page < plan.End;)
        {
            var end = page;
            while (end < plan.End && plan.Stable[end] is not null)
            {
                end++;
            }

            if (end == page)
            {
                page++;
                continue;
            }

            TakeAside(chunk, plan, page, end);
            page = end;
        }

        if (Breakage.Is(BreakageKind.EarlyWake))
        {
            _ = _fault.Unregister(chunk.AddressOf(plan.First), (ulong)(plan.End - plan.First) * PageBytes);
            Breakage.Linger();
            _ = Open(chunk, plan);
        }
    }

    /// <summary>Moves a stretch of pages aside, passing over those that the kernel refuses.</summary>
    private void TakeAside(Chunk chunk, WindowPlan plan, int page, int end)
    {
        var tries = 0;
        while (page < end)
        {
            if (Breakage.Is(BreakageKind.WriteProtect))
            {
                plan.Fate[page++] = PageFate.Aside;
                continue;
            }

            var error = _fault.Move(
                (ulong)_aside.At(page), chunk.AddressOf(page), (ulong)(end - page) * PageBytes, out var moved);
            for (var last = page + (int)(moved / PageBytes); page < last; page++)
            {
                plan.Fate[page] = PageFate.Aside;
                tries = 0;
            }

            if (error == Errno.None || page == end)
            {
                return;
            }

            if (error == Errno.EAGAIN && ++tries < TriesMax)
            {
                AnswerForks(chunk, plan);
                continue;
            }

            plan.Fate[page++] = PageFate.Refused;
            tries = 0;
        }
    }

    private void Compare(WindowPlan plan)
    {
        for (var page = plan.First; page < plan.End; page++)
        {
            if (plan.Fate[page] == PageFate.Aside && (Breakage.Is(BreakageKind.SkipCompare) || IsEqual(plan, page)))
            {
                plan.Fate[page] = PageFate.Equal;
            }
        }
    }

    /// <summary>All 4096 bytes; a fingerprint proves nothing.</summary>
    private bool IsEqual(WindowPlan plan, int page)
    {
        if (Breakage.Is(BreakageKind.WriteProtect))
        {
            return Breakage.IsEqualInPlace(plan, page);
        }

        // SAFETY: the page stands aside, where only this thread looks; the stable one lies in a mapping that the shelf
        // keeps, or is the plan's page of zeros.
        return new ReadOnlySpan<byte>(_aside.At(page), (int)PageBytes)
            .SequenceEqual(new ReadOnlySpan<byte>(plan.Stable[page], (int)PageBytes));
    }

    private void MapStable(Chunk chunk, WindowPlan plan, Shelf shelf)
    {
        var noReserve = (chunk.Marks & MappingMarks.NoReserve) != 0;
        for (var page = plan.First; page < plan.End; page++)
        {
            if (plan.Fate[page] != PageFate.Equal)
            {
                continue;
            }

            var end = page + 1;
            while (end < plan.End && plan.Fate[end] == PageFate.Equal && plan.IsContinued(end - 1))
            {
                end++;
            }

            // Where no mapping can be had, the pages stand aside still.
            if (plan.Place[page] == 0 || RawMemory.MapPrivate(
                chunk.AddressOf(page), (ulong)(end - page) * PageBytes, shelf.At(plan.Place[page]).Descriptor,
                plan.Slot[page] * PageBytes, noReserve) == Errno.None)
            {
                new Span<PageFate>(plan.Fate + page, end - page).Fill(PageFate.Merged);
            }

            page = end - 1;
        }
    }

    private void PutBack(Chunk chunk, WindowPlan plan)
    {
        if (Breakage.Is(BreakageKind.WriteProtect))
        {
            return;
        }

        for (var page = plan.First; page < plan.End; page++)
        {
            var end = page;
            while (end < plan.End && plan.Fate[end] is PageFate.Aside or PageFate.Equal)
            {
                end++;
            }

            if (end > page)
            {
                PutBack(chunk, plan, page, end);
                page = end;
            }
        }
    }

    /// <summary>
    /// Moves pages back. It must not fail: the pages exist nowhere else. Each stands aside, by its fate too, until it is
    /// back: a fork may have come before.
    /// </summary>
    private void PutBack(Chunk chunk, WindowPlan plan, int page, int end)
    {
        for (var tries = 0; page < end; tries++)
        {
            var error = _fault.Move(
                chunk.AddressOf(page), (ulong)_aside.At(page), (ulong)(end - page) * PageBytes, out var moved);
            var back = (int)(moved / PageBytes);
            if (back != 0)
            {
                tries = 0;
            }
            else if (error is Errno.ENOENT or Errno.EINVAL || (error != Errno.None && tries > TriesMax))
            {
                back = CopyBack(chunk, page) ? 1 : 0;
            }

            for (var last = page + back; page < last; page++)
            {
                plan.Fate[page] = plan.Fate[page] == PageFate.Equal ? PageFate.Unmapped : PageFate.Differed;
            }

            if (page < end)
            {
                AnswerForks(chunk, plan);
            }
        }
    }

    /// <summary>
    /// The slow way back, a copy, for a page that the kernel will not move now. False: try again, as memory is short.
    /// </summary>
    private bool CopyBack(Chunk chunk, int page)
    {
        var error = Userfault.Copy(_fault.Descriptor, chunk.AddressOf(page), _aside.At(page));

        // ENOENT, EINVAL: the program took the mapping away itself, past the C library, and its pages with it.
        return error is Errno.None or Errno.EEXIST or Errno.ENOENT or Errno.EINVAL;
    }

    private void Close(Chunk chunk, WindowPlan plan)
    {
        var (start, bytes) = (chunk.AddressOf(plan.First), (ulong)(plan.End - plan.First) * PageBytes);
        _ = _fault.Unregister(start, bytes);

        // Unregistering wakes for what is still registered; who waits where a run was mapped is woken here.
        _ = _fault.Wake(start, bytes);
    }

    /// <summary>A new mapping has lost what the program had said of the old one.</summary>
    private static void KeepMarks(Chunk chunk, WindowPlan plan)
    {
        var (start, bytes) = (chunk.AddressOf(plan.First), (ulong)(plan.End - plan.First) * PageBytes);
        if ((chunk.Marks & MappingMarks.WithheldFromFork) != 0)
        {
            _ = RawMemory.WithholdFromFork(start, bytes);
        }

        if ((chunk.Marks & MappingMarks.WithheldFromDump) != 0)
        {
            _ = RawMemory.WithholdFromDump(start, bytes);
        }

        if ((chunk.Marks & MappingMarks.NoHugePages) != 0)
        {
            _ = RawMemory.ForbidHugePages(start, bytes);
        }
    }

    /// <summary>
    /// A fork that did not go through the C library may have copied the chunk while pages stood aside. It waits for us:
    /// its child gets copies of what it lacks. The place where pages stand is itself withheld from forks.
    /// </summary>
    private void AnswerForks(Chunk chunk, WindowPlan plan)
    {
        while (_fault.IsForkPending())
        {
            if (!_fault.TryReadFork(out var child))
            {
                continue;
            }

            for (var page = plan.First; page < plan.End; page++)
            {
                var source = plan.Fate[page] switch
                {
                    PageFate.Merged => plan.Stable[page],
                    PageFate.Aside or PageFate.Equal => _aside.At(page),
                    _ => null,
                };

                // Pages that the child has (EEXIST), and places where it maps the segment itself (ENOENT), need nothing.
                if (source is not null)
                {
                    _ = Userfault.Copy(child, chunk.AddressOf(page), source);
                }
            }

            Userfault.CloseChild(child);
        }
    }
}
