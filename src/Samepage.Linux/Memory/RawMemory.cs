using Samepage.Linux.Interop;

namespace Samepage.Linux.Memory;

/// <summary>
/// Calls on this process's own mappings, past the C library: its functions may be wrapped by a preloaded library that
/// waits for the very thread that calls here. Nothing is checked but by the kernel, and nothing allocates.
/// </summary>
public static unsafe partial class RawMemory
{
    /// <summary>Maps pages of a file copy-on-write at an address, in place of what is there.</summary>
    public static Errno MapPrivate(ulong address, ulong bytes, int fd, ulong offset, bool noReserve) =>
        Result(Libc.syscall(
            Libc.SYS_mmap, (nint)address, (nint)bytes, ReadWrite,
            Libc.MAP_PRIVATE | Libc.MAP_FIXED | (noReserve ? Libc.MAP_NORESERVE : 0), fd, (nint)offset));

    /// <summary>Maps a whole file for reading, where the kernel likes.</summary>
    /// <returns>Null where it could not.</returns>
    public static byte* MapShared(int fd, ulong bytes)
    {
        var address = Libc.syscall(Libc.SYS_mmap, 0, (nint)bytes, Libc.PROT_READ, Libc.MAP_SHARED, fd, 0);
        return address == -1 ? null : (byte*)address;
    }

    /// <summary>Maps a file for reading and writing, where the kernel likes.</summary>
    /// <returns>Null where it could not.</returns>
    public static byte* MapWritable(int fd, ulong bytes)
    {
        var address = Libc.syscall(Libc.SYS_mmap, 0, (nint)bytes, ReadWrite, Libc.MAP_SHARED, fd, 0);
        return address == -1 ? null : (byte*)address;
    }

    /// <summary>Maps anonymous private memory at an address, in place of what is there.</summary>
    public static Errno MapAnonymousAt(ulong address, ulong bytes, bool noReserve) =>
        Result(Libc.syscall(
            Libc.SYS_mmap, (nint)address, (nint)bytes, ReadWrite,
            Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS | Libc.MAP_FIXED | (noReserve ? Libc.MAP_NORESERVE : 0), -1, 0));

    /// <summary>Moves a mapping over another address, in place of what is there, in one step.</summary>
    public static Errno MoveOver(ulong address, byte* source, ulong bytes) =>
        Result(Libc.syscall(
            Libc.SYS_mremap, (nint)source, (nint)bytes, (nint)bytes, Libc.MREMAP_MAYMOVE | Libc.MREMAP_FIXED, (nint)address, 0));

    /// <summary>Sets the rights to a range.</summary>
    /// <param name="address">Where.</param>
    /// <param name="bytes">How long.</param>
    /// <param name="protection">PROT_ bits, as <see cref="Proc.MappingQuery"/> gives them.</param>
    public static Errno Protect(byte* address, ulong bytes, int protection) =>
        Result(Libc.syscall(Libc.SYS_mprotect, (nint)address, (nint)bytes, protection, 0, 0, 0));

    /// <summary>Keeps a range in memory.</summary>
    public static Errno Lock(ulong address, ulong bytes) =>
        Result(Libc.syscall(Libc.SYS_mlock, (nint)address, (nint)bytes, 0, 0, 0, 0));

    /// <summary>Gives the frames of a range back; it reads as zeros (anonymous) or as the file (mapped) afterwards.</summary>
    public static Errno Discard(ulong address, ulong bytes) => Advise(address, bytes, Libc.MADV_DONTNEED);

    /// <summary>A forked child shall not have the range.</summary>
    public static Errno WithholdFromFork(ulong address, ulong bytes) => Advise(address, bytes, Libc.MADV_DONTFORK);

    /// <summary>A forked child shall have the range.</summary>
    public static Errno LeaveToFork(ulong address, ulong bytes) => Advise(address, bytes, Libc.MADV_DOFORK);

    /// <summary>A core dump shall not have the range.</summary>
    public static Errno WithholdFromDump(ulong address, ulong bytes) => Advise(address, bytes, Libc.MADV_DONTDUMP);

    /// <summary>The kernel shall not make huge pages of the range, which would fill its holes again.</summary>
    public static Errno ForbidHugePages(ulong address, ulong bytes) => Advise(address, bytes, Libc.MADV_NOHUGEPAGE);

    /// <summary>Gives every page of a range a frame of its own, as if it had been written.</summary>
    public static Errno PopulateForWriting(ulong address, ulong bytes) => Advise(address, bytes, Libc.MADV_POPULATE_WRITE);

    private static Errno Advise(ulong address, ulong bytes, int advice) =>
        Result(Libc.syscall(Libc.SYS_madvise, (nint)address, (nint)bytes, advice, 0, 0, 0));
}
