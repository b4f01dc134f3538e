using Samepage.Linux.Interop;

namespace Samepage.Linux;

/// <summary>What a descriptor stands for: two descriptors with the same identity are of one file.</summary>
/// <param name="Device">The file system's number.</param>
/// <param name="Inode">The file's number in it.</param>
public readonly record struct FileIdentity(ulong Device, ulong Inode);

/// <summary>Calls on descriptors that are numbers, as those that come over a socket are.</summary>
public static unsafe class FileHandle
{
    /// <summary>Closes a descriptor and sets it to -1; does nothing where it is -1.</summary>
    public static void Close(ref int descriptor)
    {
        if (descriptor >= 0)
        {
            // Never again on EINTR: the kernel has closed it by then.
            _ = Libc.close(descriptor);
            descriptor = -1;
        }
    }

    /// <summary>Another descriptor of the same open file, not inherited over exec; -1 for -1.</summary>
    /// <exception cref="LinuxException">No descriptor is left.</exception>
    public static int Duplicate(int descriptor)
    {
        if (descriptor < 0)
        {
            return -1;
        }

        var other = Libc.fcntl(descriptor, Libc.F_DUPFD_CLOEXEC, 0);
        return other >= 0 ? other : throw LinuxException.Last("fcntl", "F_DUPFD_CLOEXEC");
    }

    /// <summary>Opens a file; -1 where that fails.</summary>
    public static int TryOpenForReadingAndWriting(string path) => Libc.open(path, Libc.O_RDWR | Libc.O_CLOEXEC, 0);

    /// <summary>
    /// Opens a file that only this user may open, making it where it is missing, and locks it for as long as it stays
    /// open; -1 where somebody else holds the lock.
    /// </summary>
    /// <exception cref="LinuxException">It cannot be made or opened.</exception>
    public static int TryLock(string path)
    {
        const int OwnerOnly = 0x180;
        var descriptor = Libc.open(path, Libc.O_RDWR | Libc.O_CREAT | Libc.O_NOFOLLOW | Libc.O_CLOEXEC, OwnerOnly);
        if (descriptor < 0)
        {
            throw LinuxException.Last(path);
        }

        if (Libc.flock(descriptor, Libc.LOCK_EX | Libc.LOCK_NB) != 0)
        {
            Close(ref descriptor);
        }

        return descriptor;
    }

    /// <summary>The owner and the permissions of a directory itself, not of what a link points to; null where it is none.</summary>
    public static (uint UserId, int Mode)? OwnerOfDirectory(string path)
    {
        const int PermissionBits = 0xFFF;
        var descriptor = Libc.open(path, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW | Libc.O_CLOEXEC, 0);
        if (descriptor < 0)
        {
            return null;
        }

        Libc.stat status;

        // SAFETY: the kernel fills the local.
        var isKnown = Libc.fstat(descriptor, &status) == 0;
        Close(ref descriptor);
        return isKnown ? (status.st_uid, (int)status.st_mode & PermissionBits) : null;
    }

    /// <summary>Which file a path names now, null where none.</summary>
    public static FileIdentity? TryIdentityOf(string path)
    {
        var descriptor = Libc.open(path, Libc.O_RDONLY | Libc.O_NOFOLLOW | Libc.O_CLOEXEC, 0);
        if (descriptor < 0)
        {
            return null;
        }

        var identity = IdentityOf(descriptor);
        Close(ref descriptor);
        return identity;
    }

    /// <summary>Lets this process open as many files as it may at all, and says how many.</summary>
    public static long RaiseOpenLimit()
    {
        Libc.rlimit limit;

        // SAFETY: both calls read or fill the local.
        if (Libc.getrlimit(Libc.RLIMIT_NOFILE, &limit) != 0)
        {
            return 0;
        }

        var before = limit.rlim_cur;
        limit.rlim_cur = limit.rlim_max;
        return (long)Math.Min(Libc.setrlimit(Libc.RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : before, int.MaxValue);
    }

    /// <summary>Which file it is.</summary>
    /// <exception cref="LinuxException">The descriptor is not open.</exception>
    public static FileIdentity IdentityOf(int descriptor)
    {
        Libc.stat status;

        // SAFETY: the kernel fills the local.
        return Libc.fstat(descriptor, &status) == 0
            ? new FileIdentity(status.st_dev, status.st_ino)
            : throw LinuxException.Last("fstat");
    }

    /// <summary>Reads until the span is full.</summary>
    /// <exception cref="LinuxException">The file is shorter (EIO), or cannot be read.</exception>
    public static void ReadAt(int descriptor, Span<byte> bytes, long offset)
    {
        fixed (byte* data = bytes)
        {
            for (var done = 0; done < bytes.Length;)
            {
                // SAFETY: the call may write only what is left of the pinned span.
                var got = Libc.pread(descriptor, data + done, (nuint)(bytes.Length - done), (nint)(offset + done));
                done += got > 0 ? (int)got : throw (got == 0 ? new LinuxException("pread", Errno.EIO) : LinuxException.Last("pread"));
            }
        }
    }

    /// <summary>Writes all of the span.</summary>
    /// <exception cref="LinuxException">The file cannot be written, or there is no room.</exception>
    public static void WriteAt(int descriptor, ReadOnlySpan<byte> bytes, long offset)
    {
        fixed (byte* data = bytes)
        {
            for (var done = 0; done < bytes.Length;)
            {
                // SAFETY: the call reads what is left of the pinned span.
                var put = Libc.pwrite(descriptor, data + done, (nuint)(bytes.Length - done), (nint)(offset + done));
                done += put > 0 ? (int)put : throw LinuxException.Last("pwrite");
            }
        }
    }

    /// <summary>Waits until something can be read, or the other end is gone.</summary>
    /// <returns>False where the time was up first.</returns>
    public static bool WaitReadable(int descriptor, int milliseconds)
    {
        var entry = new Libc.pollfd { fd = descriptor, events = Libc.POLLIN };
        // SAFETY: the kernel reads and writes the one local entry.
        return Libc.poll(&entry, 1, milliseconds) > 0;
    }

    /// <summary>Closes it.</summary>
    public static void Close(int descriptor) => _ = Libc.close(descriptor);

    /// <summary>
    /// Writes memory of this process at the beginning of a file, as far as it can be read: an address that is not
    /// mapped ends it early instead of ending the process, and no page is pinned or unshared by it.
    /// </summary>
    /// <returns>Bytes written; 0 where nothing could be.</returns>
    public static long WriteFrom(int descriptor, ulong address, ulong bytes, ulong offset)
    {
        // SAFETY: the kernel checks the addresses itself.
        var written = Libc.pwrite(descriptor, (void*)address, (nuint)bytes, (nint)offset);
        return Math.Max(0, written);
    }
}
