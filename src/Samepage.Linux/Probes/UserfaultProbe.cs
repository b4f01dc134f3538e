using System.Runtime.InteropServices;
using Samepage.Linux.Interop;

namespace Samepage.Linux.Probes;

/// <summary>What one way to userfaultfd offers.</summary>
/// <param name="Error"><see cref="Errno.None"/> where a descriptor was given.</param>
/// <param name="CanMove">UFFDIO_MOVE (6.8 and later): what the user engine commits with.</param>
/// <param name="CanWriteProtect">Write protection of anonymous memory.</param>
/// <param name="CanWriteProtectAsync">Write tracking without a fault handler.</param>
public readonly record struct UserfaultOffer(Errno Error, bool CanMove, bool CanWriteProtect, bool CanWriteProtectAsync);

/// <summary>Asks both ways to userfaultfd for a descriptor and what it can do.</summary>
public static unsafe class UserfaultProbe
{
    /// <summary>The system call: root, or vm.unprivileged_userfaultfd.</summary>
    public static UserfaultOffer BySystemCall() =>
        Ask((int)Libc.syscall_userfaultfd(Libc.SYS_userfaultfd, Libc.O_CLOEXEC));

    /// <summary>The device (6.1 and later), whose file permissions decide.</summary>
    public static UserfaultOffer ByDevice()
    {
        var device = Libc.open("/dev/userfaultfd", Libc.O_RDWR | Libc.O_CLOEXEC, 0);
        if (device < 0)
        {
            return new UserfaultOffer((Errno)Marshal.GetLastPInvokeError(), false, false, false);
        }

        // SAFETY: the request takes flags in place of a pointer.
        var offer = Ask(Libc.ioctl(device, Libc.USERFAULTFD_IOC_NEW, (void*)Libc.O_CLOEXEC));
        _ = Libc.close(device);
        return offer;
    }

    private static UserfaultOffer Ask(int descriptor)
    {
        if (descriptor < 0)
        {
            return new UserfaultOffer((Errno)Marshal.GetLastPInvokeError(), false, false, false);
        }

        var api = new Libc.uffdio_api { api = Libc.UFFD_API };
        // SAFETY: the request reads and writes api, a local of the size that is part of its number.
        var error = Libc.ioctl(descriptor, Libc.UFFDIO_API, &api) < 0 ? (Errno)Marshal.GetLastPInvokeError() : Errno.None;
        _ = Libc.close(descriptor);
        var features = error == Errno.None ? api.features : 0;
        return new UserfaultOffer(
            error, (features & Libc.UFFD_FEATURE_MOVE) != 0, (features & Libc.UFFD_FEATURE_PAGEFAULT_FLAG_WP) != 0,
            (features & Libc.UFFD_FEATURE_WP_ASYNC) != 0);
    }
}
