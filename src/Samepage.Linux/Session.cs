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

    /// <summary>
    /// Lets go of whoever started this process: a session of its own, no directory that could not be unmounted, and
    /// standard streams that hold nobody's terminal or pipe open.
    /// </summary>
    public static void Detach()
    {
        Leave();
        Directory.SetCurrentDirectory("/");
        var nothing = Libc.open("/dev/null", Libc.O_RDWR | Libc.O_CLOEXEC, 0);
        for (var stream = 0; stream <= 2 && nothing >= 0; stream++)
        {
            _ = Libc.dup2(nothing, stream);
        }

        if (nothing > 2)
        {
            _ = Libc.close(nothing);
        }
    }
}
