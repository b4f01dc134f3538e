using Samepage.Linux;
using Samepage.Linux.Memory;

namespace Samepage.Merging.User.Engine;

/// <summary>
/// Where pages stand while a window is open: a chunk's worth of addresses, aligned like a chunk, so that a huge page
/// moves in one piece. Withheld from forks. Registered only while a window is open: a program that locks all its memory
/// has the kernel touch this too, and would wait for ever. One thread: the engine's.
/// </summary>
internal sealed unsafe class AsideArea : IDisposable
{
    private const ulong Bytes = MemberRegion.ChunkBytes;
    private readonly byte* _mapping;
    private readonly byte* _data;
    private readonly Userfault _fault;

    /// <summary>Maps it.</summary>
    /// <exception cref="LinuxException">There is no address space.</exception>
    public AsideArea(Userfault fault)
    {
        _fault = fault;
        _mapping = RawMemory.MapAnonymous(2 * Bytes, noReserve: true);
        if (_mapping is null)
        {
            throw new LinuxException("mmap", Errno.ENOMEM, "the place to move pages to");
        }

        _data = (byte*)(((ulong)_mapping + Bytes - 1) / Bytes * Bytes);
        _ = RawMemory.WithholdFromFork((ulong)_data, Bytes);
        _ = RawMemory.ForbidHugePages((ulong)_data, Bytes);
    }

    /// <summary>Pages can be moved here from now on.</summary>
    public bool Open() => _fault.Register((ulong)_data, Bytes, UserfaultModes.Missing) == Errno.None;

    /// <summary>No further pages will come.</summary>
    public void Close() => _ = _fault.Unregister((ulong)_data, Bytes);

    /// <summary>The place of a page.</summary>
    public byte* At(int page) => _data + page * (long)MemberRegion.PageBytes;

    /// <summary>Gives back the frames of pages that were merged, and the page table, so that a huge page finds room.</summary>
    public void Empty() => _ = RawMemory.Discard((ulong)_data, Bytes);

    /// <inheritdoc/>
    public void Dispose() => _ = RawMemory.Unmap(_mapping, 2 * Bytes);
}
