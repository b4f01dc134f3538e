using Samepage.Linux.Memory;

namespace Samepage.Merging.User.Engine;

/// <summary>
/// What one window is to do: for each page of a chunk, the stable page that it should equal, if any. Filled in before
/// the window opens, and used within it: outside the managed heap, so that nothing can move or be collected there.
/// </summary>
internal sealed unsafe class WindowPlan : IDisposable
{
    private const int Pages = MemberRegion.ChunkPages;
    private const int PlanBytes = Pages * (sizeof(ulong) + 2 * sizeof(uint) + sizeof(PageFate));
    private readonly AnonymousMemory _memory = new(PlanBytes, hugePages: false);
    private readonly AnonymousMemory _zeros = new(AnonymousMemory.PageSize, hugePages: false);

    /// <summary>An empty plan.</summary>
    public WindowPlan() => _ = *_zeros.Data;

    /// <summary>For each page the bytes that it should equal; null: leave it alone.</summary>
    public byte** Stable => (byte**)_memory.Data;

    /// <summary>For each page with a stable one, the segment's place on the shelf; 0 for the zero page.</summary>
    public uint* Place => (uint*)(Stable + Pages);

    /// <summary>For each page with a stable one, its slot.</summary>
    public uint* Slot => Place + Pages;

    /// <summary>What became of each page; belongs to the window.</summary>
    public PageFate* Fate => (PageFate*)(Slot + Pages);

    /// <summary>Pages that are to be merged.</summary>
    public int Count { get; private set; }

    /// <summary>Mappings that they would take, if all are equal.</summary>
    public int Runs { get; private set; }

    /// <summary>The first of them.</summary>
    public int First { get; private set; } = Pages;

    /// <summary>Behind the last of them.</summary>
    public int End { get; private set; }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        new Span<byte>(_memory.Data, PlanBytes).Clear();
        (Count, Runs, First, End) = (0, 0, Pages, 0);
    }

    /// <summary>A page that holds zeros: it is to become a hole.</summary>
    public void AddZero(int page) => Add(page, _zeros.Data, 0, 0);

    /// <summary>A page that equals a stable one.</summary>
    public void Add(int page, byte* stable, uint place, uint slot)
    {
        Stable[page] = stable;
        (Place[page], Slot[page]) = (place, slot);
        Count++;
        Runs += place == 0 || (page > 0 && Stable[page - 1] is not null && IsContinued(page - 1)) ? 0 : 1;
        First = Math.Min(First, page);
        End = Math.Max(End, page + 1);
    }

    /// <summary>Takes a page out again.</summary>
    public void Remove(int page)
    {
        Stable[page] = null;
        Count--;
    }

    /// <summary>Whether two neighbouring pages can be one mapping.</summary>
    public bool IsContinued(int page) =>
        Place[page] != 0 && Place[page] == Place[page + 1] && Slot[page] + 1 == Slot[page + 1];

    /// <inheritdoc/>
    public void Dispose()
    {
        _memory.Dispose();
        _zeros.Dispose();
    }
}

/// <summary>What became of a page in a window.</summary>
internal enum PageFate : byte
{
    /// <summary>Never moved.</summary>
    Untouched = 0,

    /// <summary>Stands aside, not yet compared.</summary>
    Aside = 1,

    /// <summary>Stands aside and equals its stable page.</summary>
    Equal = 2,

    /// <summary>Its stable page is mapped in its place, or it is a hole that reads as zeros.</summary>
    Merged = 3,

    /// <summary>Was moved back, as its bytes had changed.</summary>
    Differed = 4,

    /// <summary>The kernel would not move it: pinned, shared with a child, or gone.</summary>
    Refused = 5,

    /// <summary>Was moved back, as no further mapping could be had.</summary>
    Unmapped = 6,
}
