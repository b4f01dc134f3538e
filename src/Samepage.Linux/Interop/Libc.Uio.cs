using System.Runtime.InteropServices;

namespace Samepage.Linux.Interop;

// <sys/uio.h>
internal static unsafe partial class Libc
{
    public const int IOV_MAX = 1024;

    public struct iovec
    {
        public void* iov_base;
        public nuint iov_len;
    }

    [LibraryImport(Library, SetLastError = true)]
    public static partial nint process_vm_readv(
        int pid, iovec* local_iov, nuint liovcnt, iovec* remote_iov, nuint riovcnt, nuint flags);
}
