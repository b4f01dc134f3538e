using System.Runtime.InteropServices;

namespace Samepage.Linux.Interop;

// <malloc.h>
internal static partial class Libc
{
    public const int M_ARENA_MAX = -8;

    [LibraryImport(Library)]
    public static partial int mallopt(int param, int value);
}
