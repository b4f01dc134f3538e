using System.Runtime.InteropServices;

namespace Samepage.Linux.Interop;

// <sys/random.h>
internal static unsafe partial class Libc
{
    [LibraryImport(Library, SetLastError = true)]
    public static partial nint getrandom(void* buf, nuint buflen, uint flags);
}
