using System.Runtime.InteropServices;
using System.Text;
using Samepage.Linux.Interop;

namespace Samepage.Linux.Memory;

/// <summary>
/// Arms a userfaultfd that another process made, with the privilege of this one: it goes on to be about the memory of
/// the one that made it.
/// </summary>
public static unsafe class UserfaultArming
{
    /// <summary>What is armed for others: fork events, which need CAP_SYS_PTRACE, and features that need no privilege.</summary>
    public const ulong PermittedFeatures =
        Libc.UFFD_FEATURE_EVENT_FORK | Libc.UFFD_FEATURE_MOVE | Libc.UFFD_FEATURE_PAGEFAULT_FLAG_WP | Libc.UFFD_FEATURE_WP_ASYNC;

    /// <summary>Whether a descriptor, wherever it came from, is a userfaultfd.</summary>
    public static bool IsUserfault(int descriptor)
    {
        const int Room = 64;
        var target = stackalloc byte[Room];

        // Of this thread, which may have a table of descriptors of its own.
        // SAFETY: the call fills at most Room bytes of this frame.
        var length = (int)Libc.readlink($"/proc/thread-self/fd/{descriptor}", target, Room);
        return length > 0 && Encoding.UTF8.GetString(target, length) == "anon_inode:[userfaultfd]";
    }

    /// <summary>Asks for features on a new userfaultfd.</summary>
    /// <param name="descriptor">One that <see cref="IsUserfault"/> vouches for.</param>
    /// <param name="features">What to ask for; anything not permitted is refused (EINVAL).</param>
    /// <param name="offered">What the kernel has, where it agreed.</param>
    /// <returns><see cref="Errno.None"/> where it is armed.</returns>
    public static Errno Arm(int descriptor, ulong features, out ulong offered)
    {
        offered = 0;
        if ((features & ~PermittedFeatures) != 0)
        {
            return Errno.EINVAL;
        }

        var api = new Libc.uffdio_api { api = Libc.UFFD_API, features = features };

        // SAFETY: the request reads and writes api, a local of the size that is part of its number.
        if (Libc.ioctl(descriptor, Libc.UFFDIO_API, &api) != 0)
        {
            return (Errno)Marshal.GetLastPInvokeError();
        }

        offered = api.features;
        return Errno.None;
    }
}
