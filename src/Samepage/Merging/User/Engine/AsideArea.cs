using Samepage.Linux;
using Samepage.Linux.Memory;

namespace Samepage.Merging.User.Engine;

/// <summary>
/// Where pages stand while a window is open: a chunk's worth of addresses, aligned like a chunk, so that a huge page
/// moves in one piece. Withheld from forks. One thread: the engine's.
/// </summary>
internal sealed unsafe class AsideArea : IDisposable
{
    private const ulong Bytes = MemberRegion.ChunkBytes;
    private readonly byte* _mapping;
    private readonly byte* _data;

    /// <summary>Maps and registers it.</summary>
    /// <exception cref="LinuxException">There is no address space, or it cannot be registered.</exception>
    public AsideArea(Userfault fault)
    {
        _mapping = RawMemory.MapAnonymous(2 * Bytes, noReserve: true);
        if (_mapping is null)
        {
            throw new LinuxException("mmap", Errno.ENOMEM, "the place to move pages to");
        }

        _data = (byte*)(((ulong)_mapping + Bytes - 1) / Bytes * Bytes);
        _ = RawMemory.WithholdFromFork((ulong)_data, Bytes);
        var error = fault.Register((ulong)_data, Bytes, UserfaultModes.Missing);
        if (error != Errno.None)
        {
            throw new LinuxException("ioctl(UFFDIO_REGISTER)", error);
        }
    }

    /// <summary>The place of a page.</summary>
    public byte* At(int page) => _data + page * (long)MemberRegion.PageBytes;

    /// <summary>Gives back the frames of pages that were merged.</summary>
    public void Empty(int first, int end) =>
        _ = RawMemory.Discard((ulong)At(first), (ulong)(end - first) * MemberRegion.PageBytes);

    /// <inheritdoc/>
    public void Dispose() => _ = RawMemory.Unmap(_mapping, 2 * Bytes);
}
