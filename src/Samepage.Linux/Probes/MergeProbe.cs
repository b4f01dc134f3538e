using System.Runtime.InteropServices;
using Samepage.Linux.Interop;

namespace Samepage.Linux.Probes;

/// <summary>
/// Tries out a process's opt-in to merging (PR_SET_MEMORY_MERGE) on the calling process and takes it back. Where the
/// process had opted in already, nothing is changed.
/// </summary>
public static unsafe class MergeProbe
{
    private const int NotMergingExitStatus = 10;
    private const int MergingExitStatus = 11;

    /// <summary>Opts in and out again; <see cref="Errno.None"/> where the kernel takes it.</summary>
    public static Errno TryOptIn() => WhileOptedIn(static () => Errno.None, error => error);

    /// <summary>
    /// Opts in, starts a program, opts out, and asks the program by its exit status whether exec kept the opt-in. The
    /// program must do nothing but exit with <see cref="ExitStatus"/>. Null where that could not be found out.
    /// </summary>
    /// <param name="command">The path of the executable, and its arguments.</param>
    public static bool? IsKeptOverExec(IReadOnlyList<string> command) =>
        WhileOptedIn(() => Spawn(command), _ => -1) switch
        {
            MergingExitStatus => true,
            NotMergingExitStatus => false,
            _ => null,
        };

    /// <summary>What the started program exits with: whether it found itself opted in.</summary>
    public static int ExitStatus() => MemoryMerge.IsOptedIn == true ? MergingExitStatus : NotMergingExitStatus;

    private static T WhileOptedIn<T>(Func<T> action, Func<Errno, T> refused)
    {
        if (MemoryMerge.IsOptedIn == true)
        {
            return action();
        }

        if (Libc.prctl(Libc.PR_SET_MEMORY_MERGE, 1, 0, 0, 0) != 0)
        {
            return refused((Errno)Marshal.GetLastPInvokeError());
        }

        try
        {
            return action();
        }
        finally
        {
            _ = Libc.prctl(Libc.PR_SET_MEMORY_MERGE, 0, 0, 0, 0);
        }
    }

    /// <summary>The child's exit status, or -1. Its environment is empty: it needs none, and starts faster.</summary>
    private static int Spawn(IReadOnlyList<string> command)
    {
        var argv = stackalloc byte*[command.Count + 1];
        byte* noEnvironment = null;
        int pid, status;
        try
        {
            for (var index = 0; index < command.Count; index++)
            {
                argv[index] = (byte*)Marshal.StringToCoTaskMemUTF8(command[index]);
            }

            argv[command.Count] = null;

            // SAFETY: argv and the empty environment end with a null pointer and live until the call has returned.
            if (Libc.posix_spawn(&pid, command[0], null, null, argv, &noEnvironment) != 0)
            {
                return -1;
            }
        }
        finally
        {
            for (var index = 0; index < command.Count; index++)
            {
                Marshal.FreeCoTaskMem((nint)argv[index]);
            }
        }

        // SAFETY: status is a local; no resource usage is asked for.
        while (Libc.wait4(pid, &status, 0, null) < 0)
        {
            if ((Errno)Marshal.GetLastPInvokeError() != Errno.EINTR)
            {
                return -1;
            }
        }

        // As WIFEXITED and WEXITSTATUS have it.
        return (status & 0x7F) == 0 ? (status >> 8) & 0xFF : -1;
    }
}
