using System.Runtime.InteropServices;

namespace Samepage.Linux.Interop;

// <stdlib.h>
internal static unsafe partial class Libc
{
    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int setenv(string name, string value, int overwrite);
}
