using Samepage.Linux.Interop;

namespace Samepage.Linux;

/// <summary>The calling process's own opt-in to the kernel's merging (<c>prctl(PR_SET_MEMORY_MERGE)</c>, 6.4 and later).</summary>
public static class MemoryMerge
{
    /// <summary>The state of this process, or null where the kernel does not know the request.</summary>
    public static bool? IsOptedIn => Libc.prctl(Libc.PR_GET_MEMORY_MERGE, 0, 0, 0, 0) switch
    {
        < 0 => null,
        0 => false,
        _ => true,
    };

    /// <summary>Opts this process in; children inherit it, and on the kernels checked so far a program executed does.</summary>
    /// <exception cref="LinuxException">The kernel does not know the request (EINVAL).</exception>
    public static void OptIn()
    {
        if (Libc.prctl(Libc.PR_SET_MEMORY_MERGE, 1, 0, 0, 0) < 0)
        {
            throw LinuxException.Last("prctl", "PR_SET_MEMORY_MERGE, 1");
        }
    }
}
