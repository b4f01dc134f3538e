using System.Runtime.InteropServices;
using System.Text;
using Samepage.Linux.Interop;

namespace Samepage.Linux.Sockets;

/// <summary>
/// A Unix socket of packets (SOCK_SEQPACKET), of which each may carry one descriptor. Never blocks, is not inherited
/// over exec, and allocates nothing to send or receive. One owner at a time; not thread-safe.
/// </summary>
public sealed unsafe class PacketSocket : IDisposable
{
    private const int Backlog = 128;

    private PacketSocket(int descriptor) => Descriptor = descriptor;

    /// <summary>Its number, to wait for; -1 once disposed of.</summary>
    public int Descriptor { get; private set; }

    /// <summary>Who is at the other end, as of the moment of connecting.</summary>
    /// <exception cref="LinuxException">The kernel does not say.</exception>
    public PeerCredentials Peer
    {
        get
        {
            Libc.ucred peer;
            var length = (uint)sizeof(Libc.ucred);

            // SAFETY: the kernel writes at most length bytes into the local.
            return Libc.getsockopt(Descriptor, Libc.SOL_SOCKET, Libc.SO_PEERCRED, &peer, &length) == 0
                ? new PeerCredentials(peer.pid, peer.uid, peer.gid)
                : throw LinuxException.Last("getsockopt", "SO_PEERCRED");
        }
    }

    /// <summary>Connects to who listens at a path.</summary>
    /// <exception cref="LinuxException">
    /// ENOENT or ECONNREFUSED: nobody does; EACCES: not for this caller; EAGAIN: too many wait to be accepted;
    /// ENAMETOOLONG: the path is longer than 107 bytes.
    /// </exception>
    public static PacketSocket Connect(string path)
    {
        var address = AddressOf(path, out var length);
        var socket = Create();

        // SAFETY: the address is a local, length bytes of which are filled.
        if (Libc.connect(socket.Descriptor, &address, length) != 0)
        {
            throw socket.Abandon("connect", path);
        }

        return socket;
    }

    /// <summary>Listens at a path where nothing is.</summary>
    /// <param name="path">Where; the caller removes it in the end.</param>
    /// <param name="mode">The permissions of the path, whatever the umask; at no moment are they wider.</param>
    /// <exception cref="LinuxException">EADDRINUSE: something is there; or the directory does not allow it.</exception>
    public static PacketSocket Listen(string path, int mode)
    {
        var address = AddressOf(path, out var length);
        var socket = Create();

        // bind() takes the mode of the socket's own inode, less the umask; what the umask took away is given afterwards.
        // SAFETY: the address is a local, length bytes of which are filled.
        if (Libc.fchmod(socket.Descriptor, (uint)mode) != 0 || Libc.bind(socket.Descriptor, &address, length) != 0)
        {
            throw socket.Abandon("bind", path);
        }

        if (Libc.chmod(path, (uint)mode) != 0 || Libc.listen(socket.Descriptor, Backlog) != 0)
        {
            throw socket.Abandon("listen", path);
        }

        return socket;
    }

    /// <summary>The next who connected; null where nobody waits.</summary>
    /// <exception cref="LinuxException">EMFILE, ENFILE or ENOMEM: this process cannot take one more now.</exception>
    public PacketSocket? Accept()
    {
        while (true)
        {
            var descriptor = Libc.accept4(Descriptor, null, null, Libc.SOCK_NONBLOCK | Libc.SOCK_CLOEXEC);
            if (descriptor >= 0)
            {
                return new PacketSocket(descriptor);
            }

            switch ((Errno)Marshal.GetLastPInvokeError())
            {
                case Errno.EAGAIN:
                    return null;
                case Errno.EINTR or Errno.ECONNABORTED:
                    break;
                default:
                    throw LinuxException.Last("accept4");
            }
        }
    }

    /// <summary>
    /// A pidfd of the process at the other end. Where the kernel (before 6.5) does not keep one for the socket, it is
    /// looked up by number, which may have gone to another process by then.
    /// </summary>
    /// <exception cref="LinuxException">The process is gone, or cannot be seen from here.</exception>
    public int OpenPeerHandle()
    {
        int handle;
        var length = (uint)sizeof(int);

        // SAFETY: the kernel writes at most length bytes into the local.
        if (Libc.getsockopt(Descriptor, Libc.SOL_SOCKET, Libc.SO_PEERPIDFD, &handle, &length) == 0)
        {
            return handle;
        }

        if ((Errno)Marshal.GetLastPInvokeError() != Errno.ENOPROTOOPT)
        {
            throw LinuxException.Last("getsockopt", "SO_PEERPIDFD");
        }

        handle = (int)Libc.syscall_pidfd_open(Libc.SYS_pidfd_open, Peer.Pid, 0);
        return handle >= 0 ? handle : throw LinuxException.Last("pidfd_open");
    }

    /// <summary>Sends one packet, whole or not at all.</summary>
    /// <param name="message">At least one byte.</param>
    /// <param name="descriptor">One to send a duplicate of; -1: none.</param>
    /// <returns>False where the other end has not read enough yet; try again when the socket can be written.</returns>
    /// <exception cref="LinuxException">EPIPE or ECONNRESET: the other end has closed; or the packet cannot be sent.</exception>
    public bool TrySend(ReadOnlySpan<byte> message, int descriptor = -1)
    {
        fixed (byte* data = message)
        {
            var vector = new Libc.iovec { iov_base = data, iov_len = (nuint)message.Length };
            var header = new Libc.msghdr { msg_iov = &vector, msg_iovlen = 1 };
            var control = default(OneDescriptor);
            if (descriptor >= 0)
            {
                control.Header.cmsg_len = OneDescriptor.Length;
                control.Header.cmsg_level = Libc.SOL_SOCKET;
                control.Header.cmsg_type = Libc.SCM_RIGHTS;
                control.Descriptor = descriptor;
                header.msg_control = &control;
                header.msg_controllen = (nuint)sizeof(OneDescriptor);
            }

            // SAFETY: all that the header points to is pinned or on this frame, and the kernel only reads it.
            while (Libc.sendmsg(Descriptor, &header, Libc.MSG_NOSIGNAL) < 0)
            {
                switch ((Errno)Marshal.GetLastPInvokeError())
                {
                    case Errno.EAGAIN:
                        return false;
                    case Errno.EINTR:
                        break;
                    default:
                        throw LinuxException.Last("sendmsg");
                }
            }

            return true;
        }
    }

    /// <summary>Takes one packet.</summary>
    /// <param name="buffer">Room for the longest allowed.</param>
    /// <param name="descriptor">The descriptor that came with it, now the caller's to close; -1: none. Of several, the first: the kernel drops the others.</param>
    /// <returns>
    /// Its length; -1 where nothing is there now; 0 where the connection is over: the other end has closed, or has sent
    /// something empty or longer than the buffer, after which nothing it says is worth reading.
    /// </returns>
    /// <exception cref="LinuxException">The socket failed in some other way.</exception>
    public int Receive(Span<byte> buffer, out int descriptor)
    {
        descriptor = -1;
        fixed (byte* data = buffer)
        {
            var vector = new Libc.iovec { iov_base = data, iov_len = (nuint)buffer.Length };
            var control = default(OneDescriptor);

            // There is room for one descriptor and not, as padding would give, for two.
            var header = new Libc.msghdr { msg_iov = &vector, msg_iovlen = 1, msg_control = &control, msg_controllen = OneDescriptor.Length };
            nint got;

            // SAFETY: the kernel writes into the pinned buffer and this frame, within the lengths given.
            while ((got = Libc.recvmsg(Descriptor, &header, Libc.MSG_CMSG_CLOEXEC)) < 0)
            {
                switch ((Errno)Marshal.GetLastPInvokeError())
                {
                    case Errno.EAGAIN:
                        return -1;
                    case Errno.ECONNRESET:
                        return 0;
                    case Errno.EINTR:
                        header.msg_controllen = OneDescriptor.Length;
                        break;
                    default:
                        throw LinuxException.Last("recvmsg");
                }
            }

            if (header.msg_controllen >= OneDescriptor.Length
                && control.Header is { cmsg_level: Libc.SOL_SOCKET, cmsg_type: Libc.SCM_RIGHTS, cmsg_len: OneDescriptor.Length })
            {
                descriptor = control.Descriptor;
            }

            if ((header.msg_flags & Libc.MSG_TRUNC) == 0 && got > 0)
            {
                return (int)got;
            }

            FileHandle.Close(ref descriptor);
            return 0;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        var descriptor = Descriptor;
        Descriptor = -1;
        FileHandle.Close(ref descriptor);
    }

    private static PacketSocket Create()
    {
        var descriptor = Libc.socket(Libc.AF_UNIX, Libc.SOCK_SEQPACKET | Libc.SOCK_NONBLOCK | Libc.SOCK_CLOEXEC, 0);
        return descriptor >= 0 ? new PacketSocket(descriptor) : throw LinuxException.Last("socket");
    }

    private static Libc.sockaddr_un AddressOf(string path, out uint length)
    {
        const int PathBytesMax = 107;
        var address = new Libc.sockaddr_un { sun_family = Libc.AF_UNIX };
        var bytes = Encoding.UTF8.GetByteCount(path);
        if (bytes > PathBytesMax)
        {
            throw new LinuxException("socket", Errno.ENAMETOOLONG, path);
        }

        // SAFETY: the encoded path and its final zero fit into sun_path, as was checked; the rest of the struct is zero.
        _ = Encoding.UTF8.GetBytes(path, new Span<byte>(address.sun_path, PathBytesMax));
        length = (uint)(sizeof(ushort) + bytes + 1);
        return address;
    }

    private LinuxException Abandon(string call, string path)
    {
        var error = LinuxException.Last(call, path);
        Dispose();
        return error;
    }

    /// <summary>A control message that carries one descriptor.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct OneDescriptor
    {
        public Libc.cmsghdr Header;
        public int Descriptor;

        /// <summary>Without the padding behind it.</summary>
        public const int Length = 20;
    }
}
