namespace Samepage.Linux;

/// <summary>Error numbers of the kernel that Samepage tells apart; any other value is carried unnamed.</summary>
public enum Errno
{
    /// <summary>No error.</summary>
    None = 0,

    /// <summary>Operation not permitted.</summary>
    EPERM = 1,

    /// <summary>No such file or directory.</summary>
    ENOENT = 2,

    /// <summary>No such process.</summary>
    ESRCH = 3,

    /// <summary>Interrupted system call.</summary>
    EINTR = 4,

    /// <summary>Input/output error.</summary>
    EIO = 5,

    /// <summary>Not an executable format.</summary>
    ENOEXEC = 8,

    /// <summary>Bad file descriptor.</summary>
    EBADF = 9,

    /// <summary>No child process to wait for.</summary>
    ECHILD = 10,

    /// <summary>Resource temporarily unavailable.</summary>
    EAGAIN = 11,

    /// <summary>Out of memory.</summary>
    ENOMEM = 12,

    /// <summary>Permission denied.</summary>
    EACCES = 13,

    /// <summary>Bad address.</summary>
    EFAULT = 14,

    /// <summary>Device or resource busy.</summary>
    EBUSY = 16,

    /// <summary>File exists.</summary>
    EEXIST = 17,

    /// <summary>A part of a path is not a directory.</summary>
    ENOTDIR = 20,

    /// <summary>Invalid argument.</summary>
    EINVAL = 22,

    /// <summary>Too many open files in the system.</summary>
    ENFILE = 23,

    /// <summary>Too many open files.</summary>
    EMFILE = 24,

    /// <summary>Inappropriate ioctl: the kernel does not know the request.</summary>
    ENOTTY = 25,

    /// <summary>No space left on device.</summary>
    ENOSPC = 28,

    /// <summary>Read-only file system.</summary>
    EROFS = 30,

    /// <summary>Nobody reads the other end any more.</summary>
    EPIPE = 32,

    /// <summary>A path is too long.</summary>
    ENAMETOOLONG = 36,

    /// <summary>Function not implemented.</summary>
    ENOSYS = 38,

    /// <summary>A message is too long.</summary>
    EMSGSIZE = 90,

    /// <summary>The socket option is not known.</summary>
    ENOPROTOOPT = 92,

    /// <summary>Operation not supported.</summary>
    EOPNOTSUPP = 95,

    /// <summary>The address is taken.</summary>
    EADDRINUSE = 98,

    /// <summary>The connection was given up before it was accepted.</summary>
    ECONNABORTED = 103,

    /// <summary>The other end closed the connection with something unread.</summary>
    ECONNRESET = 104,

    /// <summary>Nobody listens there.</summary>
    ECONNREFUSED = 111,

    /// <summary>The time was up.</summary>
    ETIMEDOUT = 110,

    /// <summary>The caller holds what would be waited for.</summary>
    EDEADLK = 35,

    /// <summary>Nothing is joined or connected.</summary>
    ENOTCONN = 107,

    /// <summary>It is done already.</summary>
    EALREADY = 114,
}
