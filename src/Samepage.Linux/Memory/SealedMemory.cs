using System.Runtime.InteropServices;
using Samepage.Linux.Interop;

namespace Samepage.Linux.Memory;

/// <summary>
/// Memory files that are written once, sealed and then handed to others: afterwards nobody, not even who made one, can
/// change a byte of it or its length. Thread-safe: it keeps nothing.
/// </summary>
public static unsafe class SealedMemory
{
    private const int AllSeals = Libc.F_SEAL_WRITE | Libc.F_SEAL_SHRINK | Libc.F_SEAL_GROW | Libc.F_SEAL_SEAL;

    /// <summary>The unit of st_blocks.</summary>
    private const int BlockSize = 512;

    /// <summary>Makes an empty memory file, not inherited over exec, that can be sealed.</summary>
    /// <param name="name">What /proc/PID/maps shows of it.</param>
    /// <returns>Its descriptor, the caller's to close.</returns>
    /// <exception cref="LinuxException">No descriptors or memory are left.</exception>
    public static int Create(string name)
    {
        const uint Flags = Libc.MFD_CLOEXEC | Libc.MFD_ALLOW_SEALING;

        // Kernels from 6.3 on may insist that nobody can execute it; older ones do not know the flag.
        var descriptor = Libc.memfd_create(name, Flags | Libc.MFD_NOEXEC_SEAL);
        if (descriptor < 0 && (Errno)Marshal.GetLastPInvokeError() == Errno.EINVAL)
        {
            descriptor = Libc.memfd_create(name, Flags);
        }

        return descriptor >= 0 ? descriptor : throw LinuxException.Last("memfd_create", name);
    }

    /// <summary>Sets its length.</summary>
    /// <exception cref="LinuxException">It is sealed.</exception>
    public static void Truncate(int descriptor, long bytes)
    {
        if (Libc.ftruncate(descriptor, (nint)bytes) != 0)
        {
            throw LinuxException.Last("ftruncate");
        }
    }

    /// <summary>Seals it for good: no writing, no change of length, no further seal.</summary>
    /// <exception cref="LinuxException">EBUSY: it is mapped shared and writable somewhere, or pinned for I/O; EPERM: it is sealed already.</exception>
    public static void Seal(int descriptor)
    {
        if (Libc.fcntl(descriptor, Libc.F_ADD_SEALS, AllSeals) != 0)
        {
            throw LinuxException.Last("fcntl", "F_ADD_SEALS");
        }
    }

    /// <summary>
    /// Whether the descriptor, wherever it came from, is of a memory file that nobody can change any more and whose
    /// every page is there: reading it can neither give other bytes later nor allocate anything.
    /// </summary>
    /// <param name="descriptor">Any descriptor.</param>
    /// <param name="bytes">Its length, where it is such a file; else 0.</param>
    public static bool IsSealed(int descriptor, out long bytes)
    {
        bytes = 0;
        Libc.statfs system;
        Libc.stat status;

        // Seals first: what is asked after them can then no longer change.
        // SAFETY: the kernel fills the locals.
        if (Libc.fcntl(descriptor, Libc.F_GET_SEALS, 0) is var seals && (seals < 0 || (seals & AllSeals) != AllSeals)
            || Libc.fstatfs(descriptor, &system) != 0 || system.f_type != Libc.TMPFS_MAGIC
            || Libc.fstat(descriptor, &status) != 0)
        {
            return false;
        }

        if (!IsWhole(descriptor, status))
        {
            return false;
        }

        bytes = status.st_size;
        return true;
    }

    /// <summary>Maps a sealed file for reading. A page that cannot be swapped in again ends the reader with SIGBUS.</summary>
    /// <returns>The first byte; to be given back with <see cref="Unmap"/>.</returns>
    /// <exception cref="LinuxException">No address space is left.</exception>
    public static byte* MapReadOnly(int descriptor, long bytes)
    {
        // Private although nobody writes: before 6.7 a shared mapping of a sealed file is refused even for reading.
        // SAFETY: a fresh mapping at an address of the kernel's choice touches nothing that exists.
        var data = Libc.mmap(null, (nuint)bytes, Libc.PROT_READ, Libc.MAP_PRIVATE, descriptor, 0);
        return (nint)data != -1 ? (byte*)data : throw LinuxException.Last("mmap", $"{bytes} bytes");
    }

    /// <summary>Gives back what <see cref="MapReadOnly"/> gave; the caller no longer uses it.</summary>
    public static void Unmap(byte* data, long bytes) => _ = Libc.munmap(data, (nuint)bytes);

    /// <summary>
    /// Blocks can also lie behind the end, where they were reserved before the length was sealed; so the first hole
    /// must be looked for too. It moves the file's position, which nobody uses.
    /// </summary>
    private static bool IsWhole(int descriptor, in Libc.stat status) =>
        status.st_blocks >= (status.st_size + BlockSize - 1) / BlockSize
        && (status.st_size == 0 || Libc.lseek(descriptor, 0, Libc.SEEK_HOLE) == status.st_size);
}
