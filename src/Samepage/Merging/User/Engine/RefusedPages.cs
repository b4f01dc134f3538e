using Samepage.Linux.Memory;
using Samepage.Linux.Proc;

namespace Samepage.Merging.User.Engine;

/// <summary>
/// Pages that the kernel would not move. After a fork, of the program or of our own pin test, the kernel no longer
/// takes a page for this process's alone until it is written next, even once the child is gone: such a page is
/// told apart, and made the process's own again without changing a byte. One thread: the engine's.
/// </summary>
internal sealed class RefusedPages(GateLock gate) : IDisposable
{
    private readonly PageMap _pageMap = new(new ProcFs(), Environment.ProcessId);
    private readonly List<ulong> _addresses = new(MemberRegion.ChunkPages);
    private readonly PageMapEntry[] _entry = new PageMapEntry[1];

    /// <summary>Notes one.</summary>
    public void Add(Chunk chunk, int page) => _addresses.Add(chunk.AddressOf(page));

    /// <summary>Has the kernel look again at those that nobody else maps; they can merge at the next look.</summary>
    /// <returns>How many were refused.</returns>
    public int Mend()
    {
        var refused = _addresses.Count;
        if (refused > 0)
        {
            gate.Hold();
            try
            {
                _addresses.ForEach(Mend);
            }
            finally
            {
                gate.Release();
                _addresses.Clear();
            }
        }

        return refused;
    }

    /// <inheritdoc/>
    public void Dispose() => _pageMap.Dispose();

    private void Mend(ulong address)
    {
        if (_pageMap.Read(address, _entry) == 1 && _entry[0] is { IsPresent: true, IsFileOrShared: false, IsExclusive: true })
        {
            _ = RawMemory.PopulateForWriting(address, MemberRegion.PageBytes);
        }
    }
}
