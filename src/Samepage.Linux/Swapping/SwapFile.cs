using System.Runtime.InteropServices;
using Samepage.Linux.Interop;

namespace Samepage.Linux.Swapping;

/// <summary>How a file system takes a swap file.</summary>
/// <param name="Name">The file system's name.</param>
/// <param name="Refusal">Why it takes none, and what to do instead; null where it does.</param>
/// <param name="CanReserve">Its blocks may be reserved (fallocate) instead of written.</param>
public sealed record SwapSupport(string Name, string? Refusal, bool CanReserve);

/// <summary>Makes files that can be swap: whole, without holes, and for root's eyes only.</summary>
public static unsafe class SwapFile
{
    private const int OwnerOnly = 0x180;
    private const int ChunkBytes = 1 << 20;

    /// <summary>What the file system that holds a directory does with a swap file, and how much room it has.</summary>
    /// <exception cref="LinuxException">The directory cannot be opened.</exception>
    public static (SwapSupport Support, long FreeBytes, long TotalBytes) Look(string directory)
    {
        var descriptor = Libc.open(directory, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_CLOEXEC, 0);
        if (descriptor < 0)
        {
            throw LinuxException.Last("open", directory);
        }

        Libc.statfs system;

        // SAFETY: the kernel fills the local.
        var result = Libc.fstatfs(descriptor, &system);
        var error = result == 0 ? null : LinuxException.Last("fstatfs", directory);
        FileHandle.Close(descriptor);
        return error is null
            ? (SupportOf(system.f_type), (long)system.f_bavail * system.f_bsize, (long)system.f_blocks * system.f_bsize)
            : throw error;
    }

    /// <summary>The same by the number of a file system (statfs(2)).</summary>
    public static SwapSupport SupportOf(long fileSystem) => fileSystem switch
    {
        Libc.EXT4_SUPER_MAGIC => new SwapSupport("ext4", null, true),
        Libc.XFS_SUPER_MAGIC => new SwapSupport("xfs", null, true),
        Libc.BTRFS_SUPER_MAGIC => Refused("btrfs", "it moves blocks at every write; name a directory on ext4 or xfs, or use zram"),
        Libc.F2FS_SUPER_MAGIC => Refused("f2fs", "it moves blocks when it cleans up; name a directory on ext4 or xfs, or use zram"),
        Libc.TMPFS_MAGIC => Refused("tmpfs", "it lies in memory itself; name a directory on a disk, or use zram"),
        Libc.RAMFS_MAGIC => Refused("ramfs", "it lies in memory itself; name a directory on a disk, or use zram"),
        Libc.OVERLAYFS_SUPER_MAGIC => Refused("overlayfs", "it has no blocks of its own; name a directory on the disk below it, or use zram"),
        Libc.NFS_SUPER_MAGIC => Refused("nfs", "writing to a server needs memory when there is none; name a directory on a local disk, or use zram"),
        Libc.FUSE_SUPER_MAGIC => Refused("fuse", "a program serves it that may itself be swapped out; name a directory on a local disk, or use zram"),
        Libc.SQUASHFS_MAGIC => Refused("squashfs", "it cannot be written; name a directory on ext4 or xfs, or use zram"),
        // Whatever else there is may refuse at swapon; blocks that were written are the surest offer.
        _ => new SwapSupport($"file system {fileSystem:x}", null, false),
    };

    /// <summary>Makes a formatted swap file; where that fails, nothing is left of it.</summary>
    /// <param name="path">Its name; nothing may be there.</param>
    /// <param name="bytes">Its size, whole pages.</param>
    /// <param name="label">The name in its header.</param>
    /// <param name="canReserve">Blocks may be reserved instead of written, where the file system can.</param>
    /// <exception cref="LinuxException">EEXIST: something is there; ENOSPC: no room; and what else the disk may answer.</exception>
    public static void Create(string path, long bytes, string label, bool canReserve)
    {
        var descriptor = Libc.open(path, Libc.O_RDWR | Libc.O_CREAT | Libc.O_EXCL | Libc.O_NOFOLLOW | Libc.O_CLOEXEC, OwnerOnly);
        if (descriptor < 0)
        {
            throw LinuxException.Last("open", path);
        }

        try
        {
            Fill(descriptor, path, bytes, canReserve);
            FileHandle.WriteAt(descriptor, SwapSpace.Header(bytes, label), 0);
            SwapSpace.Flush(descriptor, path);
        }
        catch
        {
            File.Delete(path);
            throw;
        }
        finally
        {
            FileHandle.Close(descriptor);
        }
    }

    private static SwapSupport Refused(string name, string why) =>
        new(name, $"{name} takes no swap file: {why}", false);

    private static void Fill(int descriptor, string path, long bytes, bool canReserve)
    {
        if (canReserve && Libc.fallocate(descriptor, 0, 0, (nint)bytes) == 0)
        {
            return;
        }

        if (canReserve && (Errno)Marshal.GetLastPInvokeError() is not (Errno.EOPNOTSUPP or Errno.ENOSYS))
        {
            throw LinuxException.Last("fallocate", path);
        }

        var chunk = new byte[ChunkBytes];
        for (long done = 0; done < bytes; done += ChunkBytes)
        {
            FileHandle.WriteAt(descriptor, chunk.AsSpan(0, (int)Math.Min(ChunkBytes, bytes - done)), done);
        }
    }
}
