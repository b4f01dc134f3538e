using System.Buffers;
using Samepage.Linux;
using Samepage.Linux.Memory;
using Samepage.Membership;

namespace Samepage;

/// <summary>
/// Memory whose pages may be merged with equal ones of the domain's other members: page-aligned, private, outside of the
/// garbage collector's heap. It reads as zeros at first.
/// </summary>
/// <remarks>
/// Thread safety: reading and writing through spans needs no care while pages are merged; a write to a merged page gives
/// the process a copy of its own. As with any memory, threads that write the same bytes must agree among themselves, and
/// nobody may use a span or a pinned pointer after <see cref="IDisposable.Dispose"/>, which unmaps it: there is no
/// finalizer, because a span does not keep its owner alive. <see cref="Discard"/> may be called at any time.
/// </remarks>
public sealed unsafe class MergeableMemory : MemoryManager<byte>
{
    private const int PageBytes = 4096;
    private readonly int _length;
    private readonly ulong _bytes;
    private byte* _address;

    private MergeableMemory(byte* address, int length, ulong bytes)
    {
        _address = address;
        (_length, _bytes) = (length, bytes);
    }

    /// <summary>Bytes asked for.</summary>
    public int Length => _length;

    /// <summary>Allocates memory, and offers it for merging. The process must have joined a domain.</summary>
    /// <param name="length">Bytes, at least 1. Pages are merged as a whole: equal content merges where it lies alike in them.</param>
    /// <exception cref="LinuxException">ENOTCONN: no domain was joined; ENOMEM: no memory, or too many ranges; ECHILD: a
    /// forked child of a member.</exception>
    public static MergeableMemory Allocate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        var bytes = ((ulong)length + PageBytes - 1) / PageBytes * PageBytes;
        var address = RawMemory.MapAnonymous(bytes, noReserve: false);
        if (address is null)
        {
            throw new LinuxException("mmap", Errno.ENOMEM, $"{bytes} bytes");
        }

        if (SamepageLibrary.samepage_range_advise(address, bytes) is var result and < 0)
        {
            _ = RawMemory.Unmap(address, bytes);
            throw new LinuxException(nameof(SamepageLibrary.samepage_range_advise), (Errno)(-result));
        }

        return new MergeableMemory(address, length, bytes);
    }

    /// <inheritdoc/>
    /// <exception cref="ObjectDisposedException">It was disposed.</exception>
    public override Span<byte> GetSpan()
    {
        ObjectDisposedException.ThrowIf(_address is null, this);

        // SAFETY: the mapping has that many bytes, and stays until Dispose, after which nobody may use the span.
        return new Span<byte>(_address, _length);
    }

    /// <summary>Gives a pointer. The memory never moves; nothing has to be unpinned.</summary>
    /// <param name="elementIndex">The byte to point at.</param>
    public override MemoryHandle Pin(int elementIndex = 0)
    {
        ObjectDisposedException.ThrowIf(_address is null, this);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)elementIndex, (uint)_length, nameof(elementIndex));
        return new MemoryHandle(_address + elementIndex, default, this);
    }

    /// <inheritdoc/>
    public override void Unpin()
    {
        // Nothing moves it.
    }

    /// <summary>Gives all pages back; they read as zeros afterwards.</summary>
    /// <exception cref="LinuxException">EAGAIN: no descriptor or mapping was left; nothing or a part was done.</exception>
    public void Discard()
    {
        ObjectDisposedException.ThrowIf(_address is null, this);
        _ = SamepageLibrary.Check(SamepageLibrary.samepage_range_discard(_address, _bytes));
    }

    /// <summary>
    /// Takes the memory back and unmaps it. Its content goes first, so that no memory is needed to make it private. In the
    /// unlikely case that the engine does not let it go, the mapping stays: memory that is still watched must not be reused.
    /// </summary>
    protected override void Dispose(bool disposing)
    {
        if (_address is null)
        {
            return;
        }

        var address = _address;
        _address = null;
        _ = SamepageLibrary.samepage_range_discard(address, _bytes);
        if (SamepageLibrary.samepage_range_unadvise(address, _bytes) == 0)
        {
            _ = RawMemory.Unmap(address, _bytes);
        }
    }
}
