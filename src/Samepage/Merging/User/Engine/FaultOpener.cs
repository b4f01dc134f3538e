using Samepage.Linux;
using Samepage.Linux.Memory;

namespace Samepage.Merging.User.Engine;

/// <summary>Opens userfaultfds for this process, with the keeper's help where it lacks the privilege.</summary>
internal sealed class FaultOpener(KeeperLink link)
{
    /// <summary>
    /// Fork events need a privilege that the keeper may have where the program has not; without them, a fork that does
    /// not go through the C library may find holes (docs/internals/user-engine.md).
    /// </summary>
    public Userfault Open(ulong features)
    {
        var fault = TryOpen(-1) ?? Userfault.Open(link.Device);
        var error = Userfault.Arm(fault.Descriptor, features);
        if (error != Errno.None && features != Userfault.MoveFeature && !link.Arm(fault.Descriptor, features))
        {
            error = Userfault.Arm(fault.Descriptor, Userfault.MoveFeature);
            return error == Errno.None ? fault : throw new LinuxException("ioctl(UFFDIO_API)", error, "MOVE");
        }

        return error == Errno.None || features != Userfault.MoveFeature
            ? fault
            : throw new LinuxException("ioctl(UFFDIO_API)", error, "MOVE");
    }

    private static Userfault? TryOpen(int device)
    {
        try
        {
            return Userfault.Open(device);
        }
        catch (LinuxException)
        {
            return null;
        }
    }
}
