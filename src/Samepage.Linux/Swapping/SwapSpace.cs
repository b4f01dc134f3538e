using System.Buffers.Binary;
using System.Text;
using Samepage.Linux.Interop;

namespace Samepage.Linux.Swapping;

/// <summary>Makes swap of files and devices, and switches it on and off. Thread-safe: it keeps nothing.</summary>
public static class SwapSpace
{
    /// <summary>The most that fits into an area's name.</summary>
    public const int LabelMax = 15;

    private const int PageSize = 4096;

    /// <summary>Where the parts of union swap_header lie; the first kilobyte is a boot loader's.</summary>
    private const int VersionAt = 1024, LastPageAt = 1028, UuidAt = 1036, LabelAt = 1052;

    private static ReadOnlySpan<byte> Magic => "SWAPSPACE2"u8;

    /// <summary>The first page of swap of this size, as mkswap(8) writes it.</summary>
    /// <param name="bytes">The size of the file or device; what is not a whole page is left unused.</param>
    /// <param name="label">A name by which it can be known again, at most <see cref="LabelMax"/> ASCII characters.</param>
    public static byte[] Header(long bytes, string label)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes, 10 * PageSize);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes / PageSize, uint.MaxValue);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(label.Length, LabelMax);
        var header = new byte[PageSize];
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(VersionAt), 1);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(LastPageAt), (uint)((bytes / PageSize) - 1));
        KernelRandom.Fill(header.AsSpan(UuidAt, 16));
        Encoding.ASCII.GetBytes(label, header.AsSpan(LabelAt));
        Magic.CopyTo(header.AsSpan(PageSize - Magic.Length));
        return header;
    }

    /// <summary>The name in a header, or null where the page is none.</summary>
    public static string? LabelOf(ReadOnlySpan<byte> header) =>
        header.Length >= PageSize && header[(PageSize - Magic.Length)..PageSize].SequenceEqual(Magic)
            ? Encoding.ASCII.GetString(header.Slice(LabelAt, LabelMax + 1)).TrimEnd('\0')
            : null;

    /// <summary>The name of the swap on a device or in a file, or null where it is none or cannot be read.</summary>
    public static string? LabelOf(string path)
    {
        var descriptor = Libc.open(path, Libc.O_RDONLY | Libc.O_NOFOLLOW | Libc.O_CLOEXEC, 0);
        if (descriptor < 0)
        {
            return null;
        }

        try
        {
            var page = new byte[PageSize];
            FileHandle.ReadAt(descriptor, page, 0);
            return LabelOf(page);
        }
        catch (LinuxException)
        {
            return null;
        }
        finally
        {
            FileHandle.Close(descriptor);
        }
    }

    /// <summary>Writes the header of an existing device or file of this size.</summary>
    /// <exception cref="LinuxException">It cannot be opened or written.</exception>
    public static void Format(string path, long bytes, string label)
    {
        var descriptor = Libc.open(path, Libc.O_RDWR | Libc.O_NOFOLLOW | Libc.O_CLOEXEC, 0);
        if (descriptor < 0)
        {
            throw LinuxException.Last("open", path);
        }

        try
        {
            FileHandle.WriteAt(descriptor, Header(bytes, label), 0);
            Flush(descriptor, path);
        }
        finally
        {
            FileHandle.Close(descriptor);
        }
    }

    /// <summary>Switches swap on.</summary>
    /// <param name="path">A formatted file or device.</param>
    /// <param name="priority">0 to 32767, the highest filled first; null lets the kernel put it behind all others.</param>
    /// <exception cref="LinuxException">EINVAL: no swap header, or a file system that cannot; EPERM: not root; EBUSY: it is on.</exception>
    public static void SwitchOn(string path, int? priority)
    {
        var flags = priority is { } order
            ? Libc.SWAP_FLAG_PREFER | ((order << Libc.SWAP_FLAG_PRIO_SHIFT) & Libc.SWAP_FLAG_PRIO_MASK)
            : 0;
        if (Libc.swapon(path, flags) != 0)
        {
            throw LinuxException.Last("swapon", path);
        }
    }

    /// <summary>Reads everything back into memory and switches swap off; takes as long as that takes.</summary>
    /// <exception cref="LinuxException">ENOMEM: there is not enough memory for what it holds; EINVAL: it is not on.</exception>
    public static void SwitchOff(string path)
    {
        if (Libc.swapoff(path) != 0)
        {
            throw LinuxException.Last("swapoff", path);
        }
    }

    internal static void Flush(int descriptor, string path)
    {
        if (Libc.fsync(descriptor) != 0)
        {
            throw LinuxException.Last("fsync", path);
        }
    }
}
