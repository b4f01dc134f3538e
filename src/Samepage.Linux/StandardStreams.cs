using System.Runtime.InteropServices;
using Samepage.Linux.Interop;

namespace Samepage.Linux;

/// <summary>Standard input, output and error of the calling process.</summary>
public static class StandardStreams
{
    /// <summary>
    /// Gives a stream that the caller has closed a stand-in, for otherwise the next file that anybody in this process
    /// opens takes its number, and output goes into that (the runtime's own pipes fare so). Input is empty, what is
    /// written to error is lost; a write to output fails, as it would without the stand-in, because nobody gets to see
    /// it. A program executed finds the streams closed as they were. To be called before anything is opened.
    /// </summary>
    public static void FillGaps()
    {
        const int Input = 0;
        const int Error = 2;
        for (var stream = Input; stream <= Error; stream++)
        {
            if (Libc.fcntl(stream, Libc.F_GETFD, 0) < 0 && (Errno)Marshal.GetLastPInvokeError() == Errno.EBADF)
            {
                // The lowest free number is this one: those below are open by now.
                _ = Libc.open("/dev/null", (stream == Error ? Libc.O_WRONLY : Libc.O_RDONLY) | Libc.O_CLOEXEC, 0);
            }
        }
    }
}
