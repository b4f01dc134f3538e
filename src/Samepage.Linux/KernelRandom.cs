using System.Runtime.InteropServices;
using Samepage.Linux.Interop;

namespace Samepage.Linux;

/// <summary>
/// Random bytes straight from the kernel. The runtime's own generator loads OpenSSL for the same bytes, which costs a
/// short command more time than its work.
/// </summary>
public static unsafe class KernelRandom
{
    /// <summary>Fills a span with bytes that nobody can foretell.</summary>
    /// <exception cref="LinuxException">The kernel has none to give.</exception>
    public static void Fill(Span<byte> bytes)
    {
        fixed (byte* data = bytes)
        {
            for (var done = 0; done < bytes.Length;)
            {
                // SAFETY: the call may write only what is left of the pinned span.
                var got = Libc.getrandom(data + done, (nuint)(bytes.Length - done), 0);
                if (got < 0 && (Errno)Marshal.GetLastPInvokeError() != Errno.EINTR)
                {
                    throw LinuxException.Last("getrandom");
                }

                done += (int)Math.Max(0, got);
            }
        }
    }
}
