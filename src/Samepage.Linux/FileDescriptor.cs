using Samepage.Linux.Interop;

namespace Samepage.Linux;

/// <summary>What can be done with any open file descriptor.</summary>
public static class FileDescriptor
{
    /// <summary>Waits until something can be read, or the other end is gone.</summary>
    /// <returns>False where the time was up first.</returns>
    public static unsafe bool WaitReadable(int descriptor, int milliseconds)
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
    public static unsafe long WriteFrom(int descriptor, ulong address, ulong bytes, ulong offset)
    {
        // SAFETY: the kernel checks the addresses itself.
        var written = Libc.pwrite(descriptor, (void*)address, (nuint)bytes, (nint)offset);
        return Math.Max(0, written);
    }
}
