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

    /// <summary>Opens a file; -1 where that fails.</summary>
    public static int TryOpenForReadingAndWriting(string path) => Libc.open(path, Libc.O_RDWR | Libc.O_CLOEXEC, 0);

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
}
