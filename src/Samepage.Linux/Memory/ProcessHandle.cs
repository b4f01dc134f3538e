using System.Globalization;
using System.Runtime.InteropServices;
using Samepage.Linux.Interop;

namespace Samepage.Linux.Memory;

/// <summary>A process held by a pidfd: its number cannot become another's behind our back. Not thread-safe.</summary>
public sealed unsafe class ProcessHandle : IDisposable
{
    private readonly int _pid;
    private int _descriptor;

    private ProcessHandle(int pid, int descriptor) => (_pid, _descriptor) = (pid, descriptor);

    /// <summary>Takes hold of a process. Who means a certain one looks afterwards whether the number is still its own.</summary>
    /// <exception cref="LinuxException">ESRCH: it is gone.</exception>
    public static ProcessHandle Open(int pid)
    {
        var descriptor = (int)Libc.syscall_pidfd_open(Libc.SYS_pidfd_open, pid, 0);
        return descriptor >= 0
            ? new ProcessHandle(pid, descriptor)
            : throw LinuxException.Last("pidfd_open", pid.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>
    /// Asks the kernel to push pages out to swap (MADV_PAGEOUT). It passes over pages that others map too, such as merged
    /// ones, and over what is locked; a page that is used next comes back.
    /// </summary>
    /// <param name="ranges">At most 1,024 ranges, in whole pages.</param>
    /// <returns>Bytes gone through; less than asked where a range is no longer mapped.</returns>
    /// <exception cref="LinuxException">ESRCH: it is gone; EPERM: the caller may not; ENOSYS: the kernel is older than 5.10.</exception>
    public long PageOut(ReadOnlySpan<PageRange> ranges)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ranges.Length, Libc.IOV_MAX);
        fixed (PageRange* first = ranges)
        {
            // SAFETY: PageRange has the layout of iovec; the kernel only reads the vector, and checks its addresses itself.
            var done = Libc.syscall_process_madvise(
                Libc.SYS_process_madvise, _descriptor, (Libc.iovec*)first, (nuint)ranges.Length, Libc.MADV_PAGEOUT, 0);
            if (done >= 0)
            {
                return done;
            }
        }

        // A range that is gone or cannot be pushed out (ENOMEM, EINVAL) says nothing about the others.
        return (Errno)Marshal.GetLastPInvokeError() is Errno.ENOMEM or Errno.EINVAL
            ? 0
            : throw LinuxException.Last("process_madvise", string.Create(CultureInfo.InvariantCulture, $"pid {_pid}, MADV_PAGEOUT"));
    }

    /// <summary>Lets go of it.</summary>
    public void Dispose() => FileHandle.Close(ref _descriptor);
}
