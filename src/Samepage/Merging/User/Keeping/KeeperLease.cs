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

    private const int PausesMax = 50;
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_leftoverAge = TimeSpan.FromMinutes(1);

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
        // The directory above is made by itself: the mode is given to the last one only.
        var mode = Environment.IsPrivilegedProcess ? OthersLook : OwnerOnly;
        Directory.CreateDirectory(Path.GetDirectoryName(DomainName.OwnDirectory)!, mode);
        Directory.CreateDirectory(DomainName.OwnDirectory, mode);
        var socketPath = name.SocketPath;
        var lockPath = Path.ChangeExtension(socketPath, ".lock");
        RemoveLeftovers(DomainName.OwnDirectory);
        for (var pauses = 0; pauses < PausesMax;)
        {
            var descriptor = FileHandle.TryLock(lockPath);
            if (descriptor < 0)
            {
                // Who holds the lock and does not listen is about to, or is ending, or only clears up.
                if (IsListening(socketPath))
                {
                    return null;
                }

                Thread.Sleep(s_pause);
                pauses++;
            }
            else if (FileHandle.TryIdentityOf(lockPath) == FileHandle.IdentityOf(descriptor))
            {
                return new KeeperLease(socketPath, lockPath, descriptor);
            }

            // Between opening and locking, the one before has removed the file: a lock on it says nothing.
            FileHandle.Close(ref descriptor);
        }

        return null;
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

    /// <summary>Removes what keepers left behind that were killed, of any domain, where it is a while ago.</summary>
    private static void RemoveLeftovers(string directory)
    {
        foreach (var lockPath in Directory.GetFiles(directory, "*.lock"))
        {
            var socketPath = Path.ChangeExtension(lockPath, ".sock");
            if (DateTime.UtcNow - File.GetLastWriteTimeUtc(lockPath) < s_leftoverAge || IsListening(socketPath))
            {
                continue;
            }

            try
            {
                var descriptor = FileHandle.TryLock(lockPath);
                if (descriptor >= 0)
                {
                    new KeeperLease(socketPath, lockPath, descriptor).Dispose();
                }
            }
            catch (Exception unreachable) when (unreachable is LinuxException or IOException or UnauthorizedAccessException)
            {
                // Somebody else's business.
            }
        }
    }

    private static bool IsListening(string socketPath)
    {
        try
        {
            using var socket = PacketSocket.Connect(socketPath);
            return true;
        }
        catch (LinuxException error)
        {
            // One whose queue is full listens too.
            return error.Errno == Errno.EAGAIN;
        }
    }

    /// <summary>Removes socket and lock; nobody can come in between, because the lock goes last.</summary>
    public void Dispose()
    {
        File.Delete(_socketPath);
        File.Delete(_lockPath);
        FileHandle.Close(ref _lock);
    }
}
