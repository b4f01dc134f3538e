using System.Runtime.InteropServices;

namespace Samepage.Linux;

/// <summary>A system call or kernel file that failed: which call, with what arguments, and why.</summary>
public sealed class LinuxException : Exception
{
    /// <summary>Describes a failed call.</summary>
    /// <param name="call">The name of the system call or the path of the kernel file.</param>
    /// <param name="errno">What the kernel answered.</param>
    /// <param name="arguments">The arguments that matter to a reader, or nothing.</param>
    public LinuxException(string call, Errno errno, string arguments = "")
        : base(Describe(call, errno, arguments))
    {
        Call = call;
        Errno = errno;
        Arguments = arguments;
    }

    /// <summary>The name of the system call or the path of the kernel file.</summary>
    public string Call { get; }

    /// <summary>What the kernel answered.</summary>
    public Errno Errno { get; }

    /// <summary>The arguments that matter to a reader; may be empty.</summary>
    public string Arguments { get; }

    /// <summary>True where the caller lacks a privilege.</summary>
    public bool IsPermission => Errno is Errno.EPERM or Errno.EACCES;

    /// <summary>True where the process that was asked about has gone.</summary>
    public bool IsGone => Errno is Errno.ESRCH or Errno.ENOENT;

    /// <summary>The error of the call that has just failed on this thread.</summary>
    internal static LinuxException Last(string call, string arguments = "") =>
        new(call, (Errno)Marshal.GetLastPInvokeError(), arguments);

    private static string Describe(string call, Errno errno, string arguments)
    {
        var text = Marshal.GetPInvokeErrorMessage((int)errno);
        return arguments.Length == 0 ? $"{call}: {text} ({errno})" : $"{call}({arguments}): {text} ({errno})";
    }
}
