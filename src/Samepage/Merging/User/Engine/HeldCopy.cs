using Samepage.Linux;
using Samepage.Linux.Memory;
using Samepage.Linux.Proc;

namespace Samepage.Merging.User.Engine;

/// <summary>
/// Copies single pages of the program by way of the kernel, to one place: reading an address that is gone ends the copy,
/// not the process. One thread: the engine's.
/// </summary>
internal sealed unsafe class HeldCopy : IDisposable
{
    private const ulong PageBytes = MemberRegion.PageBytes;
    private readonly ProcessMemory _memory = new(new ProcFs(), Environment.ProcessId);
    private readonly int _scratch;

    /// <summary>Maps what it copies through.</summary>
    /// <exception cref="LinuxException">No descriptor or memory is left for it.</exception>
    public HeldCopy()
    {
        _scratch = SealedMemory.Create("samepage-scratch");
        var zero = stackalloc byte[1];
        _ = FileHandle.WriteFrom(_scratch, (ulong)zero, 1, PageBytes - 1);
        Data = RawMemory.MapWritable(_scratch, PageBytes);
        if (Data is null)
        {
            throw new LinuxException("mmap", Errno.ENOMEM, "scratch file");
        }

        // In the middle of a window there must be no descriptor missing.
        _memory.OpenGently();
    }

    /// <summary>The copy.</summary>
    public byte* Data { get; }

    /// <summary>Copies a page.</summary>
    /// <param name="address">Where it is.</param>
    /// <param name="isReadable">False where the program itself may not read it; /proc/self/mem does.</param>
    /// <returns>Whether it could be read.</returns>
    public bool Take(ulong address, bool isReadable) => (isReadable
        ? FileHandle.WriteFrom(_scratch, address, PageBytes, 0)
        : _memory.ReadGently(new PageRange(address, PageBytes), Data)) == (long)PageBytes;

    /// <inheritdoc/>
    public void Dispose()
    {
        _memory.Dispose();
        _ = RawMemory.Unmap(Data, PageBytes);
        FileHandle.Close(_scratch);
    }
}
