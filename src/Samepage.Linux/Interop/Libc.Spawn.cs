using System.Runtime.InteropServices;

namespace Samepage.Linux.Interop;

// <spawn.h>, and the one call of <sys/wait.h> that goes with it
internal static unsafe partial class Libc
{
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int posix_spawn(
        int* pid, string path, void* file_actions, void* attrp, byte** argv, byte** envp);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int wait4(int pid, int* wstatus, int options, void* rusage);
}
