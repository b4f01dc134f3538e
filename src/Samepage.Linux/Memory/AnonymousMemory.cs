using Samepage.Linux.Interop;

namespace Samepage.Linux.Memory;

/// <summary>
/// Memory outside the managed heap, straight from mmap: zero-filled, page-aligned, and costing frames only where it was
/// touched. One owner at a time; not thread-safe.
/// </summary>
public sealed unsafe class AnonymousMemory : IDisposable
{
    /// <summary>Bytes in a page.</summary>
    public const int PageSize = 4096;

    /// <summary>Bytes in a huge page, to which <see cref="Data"/> is aligned.</summary>
    public const int HugePageSize = 2 << 20;

    private readonly void* _mapping;
    private readonly nuint _mappedBytes;
    private bool _disposed;

    /// <summary>Maps memory.</summary>
    /// <param name="bytes">How much; rounded up to whole pages.</param>
    /// <param name="hugePages">Ask for huge pages behind it, which spares a large random-access table most TLB misses.</param>
    /// <exception cref="LinuxException">The kernel has no address space or memory to give.</exception>
    public AnonymousMemory(long bytes, bool hugePages)
    {
        Bytes = (bytes + PageSize - 1) / PageSize * PageSize;
        _mappedBytes = (nuint)(Bytes + HugePageSize);

        // SAFETY: a fresh mapping at an address of the kernel's choice touches nothing that exists.
        _mapping = Libc.mmap(
            null, _mappedBytes, Libc.PROT_READ | Libc.PROT_WRITE,
            Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS | Libc.MAP_NORESERVE, -1, 0);
        if ((nint)_mapping == -1)
        {
            throw LinuxException.Last("mmap", $"{_mappedBytes} bytes");
        }

        Data = (byte*)(((nuint)_mapping + HugePageSize - 1) / HugePageSize * HugePageSize);
        _ = Libc.madvise(Data, (nuint)Bytes, hugePages ? Libc.MADV_HUGEPAGE : Libc.MADV_NOHUGEPAGE);
    }

    /// <summary>The first byte; valid until disposal.</summary>
    public byte* Data { get; }

    /// <summary>Usable length.</summary>
    public long Bytes { get; }

    /// <summary>Gives the frames behind the whole pages of a range back; the range reads as zeros afterwards.</summary>
    public void Discard(long offset, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + length, Bytes);
        var first = (offset + PageSize - 1) / PageSize * PageSize;
        var last = (offset + length) / PageSize * PageSize;
        if (last > first)
        {
            // SAFETY: the range lies inside this mapping, which only its owner uses.
            _ = Libc.madvise(Data + first, (nuint)(last - first), Libc.MADV_DONTNEED);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;

            // SAFETY: the owner no longer uses Data, by the contract of Dispose.
            _ = Libc.munmap(_mapping, _mappedBytes);
        }
    }
}
