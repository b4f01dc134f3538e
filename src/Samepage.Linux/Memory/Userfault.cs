using System.Runtime.InteropServices;
using Samepage.Linux.Interop;

namespace Samepage.Linux.Memory;

/// <summary>Which accesses to a registered range wait.</summary>
[Flags]
public enum UserfaultModes
{
    /// <summary>Accesses to pages that are not there.</summary>
    Missing = 1,

    /// <summary>Writes to pages that were write-protected by <see cref="Userfault.WriteProtect"/>.</summary>
    WriteProtect = 2,
}

/// <summary>
/// A userfaultfd of this process: holds accesses to a range back and moves pages aside in the meantime. Failures come
/// back as values, because most callers expect some. No call allocates. One thread at a time.
/// </summary>
public sealed unsafe class Userfault : IDisposable
{
    private readonly int _fd;

    private Userfault(int fd) => _fd = fd;

    /// <summary>The file descriptor.</summary>
    public int Descriptor => _fd;

    /// <summary>Bits of <see cref="Arm"/>: MOVE.</summary>
    public static ulong MoveFeature => Libc.UFFD_FEATURE_MOVE;

    /// <summary>Bits of <see cref="Arm"/>: a fork waits until its event was read. Needs CAP_SYS_PTRACE.</summary>
    public static ulong ForkFeature => Libc.UFFD_FEATURE_EVENT_FORK;

    /// <summary>Opens one, not yet usable before <see cref="Arm"/>.</summary>
    /// <param name="device">A descriptor of /dev/userfaultfd, or -1 for the system call.</param>
    /// <exception cref="LinuxException">The kernel or its settings refuse it.</exception>
    public static Userfault Open(int device)
    {
        const int nonBlocking = 0x800;
        // SAFETY: the request takes flags in place of a pointer.
        var fd = device < 0
            ? (int)Libc.syscall_userfaultfd(Libc.SYS_userfaultfd, Libc.O_CLOEXEC | nonBlocking)
            : Libc.ioctl(device, Libc.USERFAULTFD_IOC_NEW, (void*)(Libc.O_CLOEXEC | nonBlocking));
        return fd < 0 ? throw LinuxException.Last("userfaultfd") : new Userfault(fd);
    }

    /// <summary>Agrees on features with the kernel; once for each descriptor, by whoever holds it.</summary>
    /// <param name="fd">The descriptor, which may be another process's userfaultfd.</param>
    /// <param name="features">Asked for; all are given or none.</param>
    public static Errno Arm(int fd, ulong features)
    {
        var api = new Libc.uffdio_api { api = Libc.UFFD_API, features = features };
        // SAFETY: the request reads and writes api, a local of the size that is part of its number.
        return Result(Libc.ioctl(fd, Libc.UFFDIO_API, &api));
    }

    /// <summary>Has accesses to a range wait from now on. EBUSY: another userfaultfd holds it.</summary>
    public Errno Register(ulong start, ulong bytes, UserfaultModes modes)
    {
        var argument = new Libc.uffdio_register { range = new() { start = start, len = bytes }, mode = (ulong)modes };
        // SAFETY: the request reads and writes the local argument.
        return Result(Libc.ioctl(_fd, Libc.UFFDIO_REGISTER, &argument));
    }

    /// <summary>Lets a range go, and wakes who waited in what is left of it.</summary>
    public Errno Unregister(ulong start, ulong bytes)
    {
        var argument = new Libc.uffdio_range { start = start, len = bytes };
        // SAFETY: the request reads the local argument.
        return Result(Libc.ioctl(_fd, Libc.UFFDIO_UNREGISTER, &argument));
    }

    /// <summary>Wakes who waits for an address in the range, also where the mapping was replaced meanwhile.</summary>
    public Errno Wake(ulong start, ulong bytes)
    {
        var argument = new Libc.uffdio_range { start = start, len = bytes };
        // SAFETY: the request reads the local argument.
        return Result(Libc.ioctl(_fd, Libc.UFFDIO_WAKE, &argument));
    }

    /// <summary>
    /// Moves pages, without copying, from one place of this process to another, which must be registered and empty. The
    /// kernel refuses (EBUSY) pages that are pinned for I/O or shared with another process.
    /// </summary>
    /// <param name="destination">Where to; of the same access rights as the source.</param>
    /// <param name="source">Where from.</param>
    /// <param name="bytes">Whole pages.</param>
    /// <param name="moved">Bytes moved: all, or up to the page that could not be (ENOENT where there is none).</param>
    public Errno Move(ulong destination, ulong source, ulong bytes, out ulong moved)
    {
        var argument = new Libc.uffdio_move
        {
            dst = destination,
            src = source,
            len = bytes,
            mode = Libc.UFFDIO_MOVE_MODE_DONTWAKE,
        };
        // SAFETY: the request reads and writes the local argument. What it moves are page table entries of ranges for
        // which the caller vouches.
        var error = Result(Libc.ioctl(_fd, Libc.UFFDIO_MOVE, &argument));
        moved = argument.move > 0 ? (ulong)argument.move : 0;
        return error;
    }

    /// <summary>Protects a registered range from writes, or ends that and wakes who waited.</summary>
    public Errno WriteProtect(ulong start, ulong bytes, bool isProtected)
    {
        var argument = new Libc.uffdio_writeprotect
        {
            range = new() { start = start, len = bytes },
            mode = isProtected ? Libc.UFFDIO_WRITEPROTECT_MODE_WP : 0,
        };
        // SAFETY: the request reads the local argument.
        return Result(Libc.ioctl(_fd, Libc.UFFDIO_WRITEPROTECT, &argument));
    }

    /// <summary>Fills a missing page of the memory that a descriptor stands for, a forked child's for example.</summary>
    public static Errno Copy(int fd, ulong destination, byte* source)
    {
        var argument = new Libc.uffdio_copy { dst = destination, src = (ulong)source, len = AnonymousMemory.PageSize };
        // SAFETY: the kernel reads one page at source, for which the caller vouches.
        return Result(Libc.ioctl(fd, Libc.UFFDIO_COPY, &argument));
    }

    /// <summary>
    /// Whether a fork has copied a registered range and waits for its event to be read. Asks in a way that does
    /// nothing: the kernel looks at this before it looks at the (impossible) range.
    /// </summary>
    public bool IsForkPending()
    {
        var argument = new Libc.uffdio_zeropage { range = new() { start = 0, len = AnonymousMemory.PageSize } };
        // SAFETY: the request reads and writes the local argument; page 0 is never registered.
        return Result(Libc.ioctl(_fd, Libc.UFFDIO_ZEROPAGE, &argument)) == Errno.EAGAIN;
    }

    /// <summary>Reads a fork event if there is one; it carries a descriptor for the child's memory, the caller's to close.</summary>
    public bool TryReadFork(out int child)
    {
        const int messageBytes = 32, argumentOffset = 8;
        var message = stackalloc byte[messageBytes];
        // SAFETY: the kernel writes whole messages of 32 bytes; the descriptor of a fork event stands at offset 8.
        if (Libc.read(_fd, message, messageBytes) == messageBytes && message[0] == Libc.UFFD_EVENT_FORK)
        {
            child = *(int*)(message + argumentOffset);
            return true;
        }

        child = -1;
        return false;
    }

    /// <summary>Closes a descriptor that <see cref="TryReadFork"/> gave: who waits in the child goes on.</summary>
    public static void CloseChild(int child) => _ = Libc.close(child);

    /// <inheritdoc/>
    public void Dispose() => _ = Libc.close(_fd);

    private static Errno Result(int status) => status >= 0 ? Errno.None : (Errno)Marshal.GetLastPInvokeError();
}
