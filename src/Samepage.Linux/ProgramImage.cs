using System.Runtime.InteropServices;
using Samepage.Linux.Interop;

namespace Samepage.Linux;

/// <summary>Replaces the calling process by another program.</summary>
public static unsafe class ProgramImage
{
    /// <summary>
    /// Executes a program in this process's place, looked up in PATH; returns only where that fails. The runtime
    /// ignores SIGPIPE, which a program executed would inherit and does not expect, so it is set back first.
    /// </summary>
    /// <param name="command">The program and its arguments.</param>
    /// <returns>Why the program could not be executed.</returns>
    public static Errno Execute(IReadOnlyList<string> command)
    {
        var arguments = stackalloc byte*[command.Count + 1];
        for (var i = 0; i < command.Count; i++)
        {
            arguments[i] = (byte*)Marshal.StringToCoTaskMemUTF8(command[i]);
        }

        arguments[command.Count] = null;
        _ = Libc.signal(Libc.SIGPIPE, Libc.SIG_DFL);

        // SAFETY: the strings are zero-terminated, the array ends with a null, and both stay until the image is replaced.
        _ = Libc.execvp(arguments[0], arguments);
        return (Errno)Marshal.GetLastPInvokeError();
    }
}
