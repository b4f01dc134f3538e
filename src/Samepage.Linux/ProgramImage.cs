using System.Runtime.InteropServices;
using Samepage.Linux.Interop;

namespace Samepage.Linux;

/// <summary>Replaces the calling process by another program.</summary>
public static unsafe class ProgramImage
{
    /// <summary>Looks a program up as <see cref="Execute"/> would, without executing it.</summary>
    /// <param name="program">A path, or a name to look for in PATH.</param>
    /// <param name="path">Where it was found; else the name itself.</param>
    /// <returns>Why it could not be executed; <see cref="Errno.None"/> where nothing is in the way so far.</returns>
    public static Errno Find(string program, out string path)
    {
        path = program;
        if (program.Contains('/'))
        {
            return Obstacle(program);
        }

        // The C library's own list where PATH is not set; an empty entry means the current directory.
        var answer = Errno.ENOENT;
        foreach (var directory in (Environment.GetEnvironmentVariable("PATH") ?? "/bin:/usr/bin").Split(':'))
        {
            var candidate = program.Length == 0 ? "" : Path.Combine(directory, program);
            switch (Obstacle(candidate))
            {
                case Errno.None:
                    path = candidate;
                    return Errno.None;
                case Errno.EACCES:
                    answer = Errno.EACCES;
                    break;
            }
        }

        return answer;
    }

    /// <summary>
    /// Sets a variable for the program to be executed. The runtime keeps variables of its own, which an executed program
    /// would not see.
    /// </summary>
    /// <param name="name">The variable.</param>
    /// <param name="value">Its value.</param>
    /// <exception cref="LinuxException">No memory is left.</exception>
    public static void SetVariable(string name, string value)
    {
        if (Libc.setenv(name, value, 1) < 0)
        {
            throw LinuxException.Last("setenv", name);
        }
    }

    private static Errno Obstacle(string path) =>
        Libc.access(path, Libc.X_OK) != 0 ? (Errno)Marshal.GetLastPInvokeError()
        : Directory.Exists(path) ? Errno.EACCES
        : Errno.None;

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
