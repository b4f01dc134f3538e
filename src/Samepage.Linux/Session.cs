using Samepage.Linux.Interop;

namespace Samepage.Linux;

/// <summary>The session of the calling process.</summary>
public static class Session
{
    /// <summary>
    /// Leaves the terminal's session for one of its own: keys such as Ctrl-C and the end of the terminal no longer
    /// reach this process. Does nothing where it leads a process group already.
    /// </summary>
    public static void Leave() => _ = Libc.setsid();
}
