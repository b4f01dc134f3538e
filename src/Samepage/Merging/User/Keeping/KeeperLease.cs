using Samepage.Linux;
using Samepage.Linux.Sockets;

namespace Samepage.Merging.User.Keeping;

/// <summary>
/// The right to keep a domain: a lock on a file beside the socket, held for as long as the keeper lives. Only the owner
/// can open that file, so nobody else can hold the lock to keep keepers from starting, as anybody could on the directory.
/// Whoever has the lock replaces a socket that a killed keeper left.
/// </summary>
internal sealed class KeeperLease : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode OthersLook = OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private readonly string _socketPath;
    private readonly string _lockPath;
    private int _lock;

    private KeeperLease(string socketPath, string lockPath, int descriptor)
    {
        (_socketPath, _lockPath, _lock) = (socketPath, lockPath, descriptor);
    }

    /// <summary>Takes it; null where another keeper lives.</summary>
    /// <exception cref="LinuxException">The directory cannot be written.</exception>
    public static KeeperLease? TryTake(DomainName name)
    {
        Directory.CreateDirectory(DomainName.OwnDirectory, Environment.IsPrivilegedProcess ? OthersLook : OwnerOnly);
        var socketPath = name.SocketPath;
        var lockPath = Path.ChangeExtension(socketPath, ".lock");
        while (true)
        {
            var descriptor = FileHandle.TryLock(lockPath);
            if (descriptor < 0)
            {
                return null;
            }

            // Between opening and locking, the one before may have removed the file: then a lock on it says nothing.
            if (FileHandle.TryIdentityOf(lockPath) == FileHandle.IdentityOf(descriptor))
            {
                return new KeeperLease(socketPath, lockPath, descriptor);
            }

            FileHandle.Close(ref descriptor);
        }
    }

    /// <summary>Begins to listen in the place of whoever was there.</summary>
    /// <param name="forOthers">Whether users other than the owner may connect at all; who they are is checked then.</param>
    public PacketSocket Listen(bool forOthers)
    {
        const int ForOwner = 0x180;
        const int ForAll = 0x1B6;
        File.Delete(_socketPath);
        return PacketSocket.Listen(_socketPath, forOthers ? ForAll : ForOwner);
    }

    /// <summary>Removes socket and lock; nobody can come in between, because the lock goes last.</summary>
    public void Dispose()
    {
        File.Delete(_socketPath);
        File.Delete(_lockPath);
        FileHandle.Close(ref _lock);
    }
}
