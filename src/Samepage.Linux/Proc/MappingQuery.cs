using Samepage.Linux.Interop;

namespace Samepage.Linux.Proc;

/// <summary>
/// Asks the kernel about single mappings of this process (PROCMAP_QUERY, 6.11 and later). Allocates nothing.
/// </summary>
public sealed unsafe class MappingQuery : IDisposable
{
    private readonly int _fd = Libc.open("/proc/thread-self/maps", Libc.O_RDONLY | Libc.O_CLOEXEC, 0);

    /// <summary>Opens it, and asks once for something that is there.</summary>
    public MappingQuery()
    {
        var here = 0;
        IsSupported = TryFind((ulong)&here, out _, out _);
    }

    /// <summary>Whether the kernel can be asked.</summary>
    public bool IsSupported { get; }

    /// <summary>The private mapping that an address lies in.</summary>
    /// <param name="address">The address.</param>
    /// <param name="end">Address behind the mapping's last.</param>
    /// <param name="protection">Its rights, as PROT_ bits.</param>
    /// <returns>False where there is none, it is shared, or the kernel cannot be asked.</returns>
    public bool TryFind(ulong address, out ulong end, out int protection)
    {
        var query = new Libc.procmap_query { size = (ulong)sizeof(Libc.procmap_query), query_addr = address };
        // SAFETY: the request reads and writes the local query, whose size is part of its number.
        var isFound = Libc.ioctl(_fd, Libc.PROCMAP_QUERY, &query) == 0;
        end = query.vma_end;
        protection = ((query.vma_flags & Libc.PROCMAP_QUERY_VMA_READABLE) != 0 ? Libc.PROT_READ : 0)
            | ((query.vma_flags & Libc.PROCMAP_QUERY_VMA_WRITABLE) != 0 ? Libc.PROT_WRITE : 0)
            | ((query.vma_flags & Libc.PROCMAP_QUERY_VMA_EXECUTABLE) != 0 ? Libc.PROT_EXEC : 0);
        return isFound && (query.vma_flags & Libc.PROCMAP_QUERY_VMA_SHARED) == 0;
    }

    /// <inheritdoc/>
    public void Dispose() => _ = Libc.close(_fd);
}
