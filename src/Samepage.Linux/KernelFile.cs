using System.Runtime.InteropServices;
using System.Text;
using Samepage.Linux.Interop;

namespace Samepage.Linux;

/// <summary>
/// Reads and writes the small text files of /proc and /sys. They report no length and may answer ESRCH in the middle,
/// so the ordinary file classes are the wrong tool: each read here is one open, reads until the end, one close, and
/// the error number reaches the caller.
/// </summary>
public static unsafe class KernelFile
{
    /// <summary>The whole text of a kernel file.</summary>
    /// <exception cref="LinuxException">The file cannot be opened or read; the error number says why.</exception>
    public static string ReadText(string path)
    {
        var fd = Open(path);
        try
        {
            // Nearly all of them are short; who reads thousands a second shall not leave a buffer behind for each.
            Span<byte> buffer = stackalloc byte[4096];
            var length = 0;
            while (Read(fd, buffer[length..], path) is > 0 and var got)
            {
                length += got;
                if (length == buffer.Length)
                {
                    return Encoding.UTF8.GetString([.. buffer, .. ReadToEnd(fd, path)]);
                }
            }

            return Encoding.UTF8.GetString(buffer[..length]);
        }
        finally
        {
            _ = Libc.close(fd);
        }
    }

    /// <summary>The whole content of a kernel file.</summary>
    /// <exception cref="LinuxException">The file cannot be opened or read; the error number says why.</exception>
    public static byte[] ReadBytes(string path)
    {
        var fd = Open(path);
        try
        {
            return ReadToEnd(fd, path);
        }
        finally
        {
            _ = Libc.close(fd);
        }
    }

    /// <summary>Whether the caller may open a kernel file for reading. Some files decide again when they are read.</summary>
    public static bool CanRead(string path) => TryOpen(path, Libc.O_RDONLY) == Errno.None;

    /// <summary>The text of a kernel file, or null where it does not exist, is not readable or its process is gone.</summary>
    public static string? TryReadText(string path)
    {
        try
        {
            return ReadText(path);
        }
        catch (LinuxException)
        {
            return null;
        }
    }

    /// <summary>Whether the caller may write a file: opens it so and writes nothing. <see cref="Errno.None"/> where it may.</summary>
    public static Errno TryOpenForWriting(string path) => TryOpen(path, Libc.O_WRONLY);

    /// <summary>Writes a value in one call, as sysfs wants it. Truncates, for the plain files of made-up trees.</summary>
    /// <exception cref="LinuxException">The kernel refused the value or the caller; the error number says why.</exception>
    public static void WriteText(string path, string value)
    {
        var fd = Libc.open(path, Libc.O_WRONLY | Libc.O_TRUNC | Libc.O_CLOEXEC, 0);
        if (fd < 0)
        {
            throw LinuxException.Last(path, value);
        }

        try
        {
            var bytes = Encoding.UTF8.GetBytes(value);
            fixed (byte* data = bytes)
            {
                // SAFETY: data is pinned for the call and bytes.Length long.
                if (Libc.write(fd, data, (nuint)bytes.Length) != bytes.Length)
                {
                    throw LinuxException.Last(path, value);
                }
            }
        }
        finally
        {
            _ = Libc.close(fd);
        }
    }

    private static Errno TryOpen(string path, int access)
    {
        var fd = Libc.open(path, access | Libc.O_CLOEXEC, 0);
        if (fd < 0)
        {
            return (Errno)Marshal.GetLastPInvokeError();
        }

        _ = Libc.close(fd);
        return Errno.None;
    }

    private static int Open(string path) => Libc.open(path, Libc.O_RDONLY | Libc.O_CLOEXEC, 0) is >= 0 and var descriptor
        ? descriptor
        : throw LinuxException.Last(path);

    /// <summary>How much came; 0 at the end.</summary>
    private static int Read(int fd, Span<byte> buffer, string path)
    {
        while (true)
        {
            nint got;
            fixed (byte* data = buffer)
            {
                // SAFETY: the call may write only into the pinned span.
                got = Libc.read(fd, data, (nuint)buffer.Length);
            }

            if (got >= 0)
            {
                return (int)got;
            }

            if ((Errno)Marshal.GetLastPInvokeError() != Errno.EINTR)
            {
                throw LinuxException.Last(path);
            }
        }
    }

    private static byte[] ReadToEnd(int fd, string path)
    {
        var buffer = new byte[4096];
        var length = 0;
        while (true)
        {
            var got = Read(fd, buffer.AsSpan(length), path);
            if (got == 0)
            {
                return buffer.AsSpan(0, length).ToArray();
            }

            length += got;
            if (length == buffer.Length)
            {
                Array.Resize(ref buffer, buffer.Length * 4);
            }
        }
    }
}
