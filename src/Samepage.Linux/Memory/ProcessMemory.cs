using System.Globalization;
using System.Runtime.InteropServices;
using Samepage.Linux.Interop;
using Samepage.Linux.Proc;

namespace Samepage.Linux.Memory;

/// <summary>
/// Copies pages out of another process, without stopping it. A page may change while it is copied: what comes back is
/// a snapshot of no single moment. Thread-safe.
/// </summary>
public sealed unsafe class ProcessMemory : IDisposable
{
    private readonly int _pid;
    private readonly string _memPath;
    private int _memFd = -1;

    /// <summary>Prepares to read a process; nothing is opened yet.</summary>
    public ProcessMemory(ProcFs proc, int pid)
    {
        _pid = pid;
        _memPath = proc.PathOf(pid, "mem");
    }

    /// <summary>
    /// Copies ranges one behind the other, as fast as the kernel can. It pins pages while it copies, for which the kernel
    /// gives the process private copies of anonymous pages that it shares: use it on exclusive pages only. Stops at the first page that cannot be read (unmapped in the meantime, or
    /// mapped without read permission).
    /// </summary>
    /// <param name="ranges">At most 1,024 ranges, in whole pages.</param>
    /// <param name="destination">Room for all of them.</param>
    /// <returns>Bytes copied; less than asked where a page could not be read.</returns>
    /// <exception cref="LinuxException">The process is gone (ESRCH) or the caller may not read it (EPERM).</exception>
    public long Read(ReadOnlySpan<PageRange> ranges, byte* destination)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ranges.Length, Libc.IOV_MAX);
        nuint total = 0;
        foreach (ref readonly var range in ranges)
        {
            total += (nuint)range.Bytes;
        }

        var local = new Libc.iovec { iov_base = destination, iov_len = total };
        fixed (PageRange* remote = ranges)
        {
            // SAFETY: PageRange has the layout of iovec. The kernel writes at most `total` bytes to the destination,
            // for which the caller vouches; remote addresses are only read, by the kernel, with its own checks.
            var got = Libc.process_vm_readv(_pid, &local, 1, (Libc.iovec*)remote, (nuint)ranges.Length, 0);
            if (got >= 0)
            {
                return got;
            }
        }

        return (Errno)Marshal.GetLastPInvokeError() is Errno.EFAULT
            ? 0
            : throw LinuxException.Last("process_vm_readv", string.Create(CultureInfo.InvariantCulture, $"pid {_pid}"));
    }

    /// <summary>
    /// Copies one range by way of /proc/PID/mem: slower, but without pinning, so that pages shared by fork or by the
    /// kernel's merging stay shared. It reads mappings without read permission too.
    /// </summary>
    /// <returns>Bytes copied; 0 where the range cannot be read.</returns>
    /// <exception cref="LinuxException">The file cannot be opened.</exception>
    public long ReadGently(PageRange range, byte* destination)
    {
        if (Volatile.Read(ref _memFd) < 0)
        {
            OpenMem();
        }

        // SAFETY: the kernel writes at most range.Bytes bytes to the destination, for which the caller vouches.
        return Math.Max(0, Libc.pread(_memFd, destination, (nuint)range.Bytes, (nint)range.Address));
    }

    /// <summary>Opens now what <see cref="ReadGently"/> needs, for whoever must not fail later.</summary>
    /// <exception cref="LinuxException">The file cannot be opened.</exception>
    public void OpenGently()
    {
        if (_memFd < 0)
        {
            OpenMem();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_memFd >= 0)
        {
            _ = Libc.close(_memFd);
        }
    }

    private void OpenMem()
    {
        var fd = Libc.open(_memPath, Libc.O_RDONLY | Libc.O_CLOEXEC, 0);
        if (fd < 0)
        {
            throw LinuxException.Last(_memPath);
        }

        if (Interlocked.CompareExchange(ref _memFd, fd, -1) >= 0)
        {
            _ = Libc.close(fd);
        }
    }
}
