using System.Runtime.InteropServices;

namespace Samepage.Linux.Interop;

// <sys/swap.h>
internal static unsafe partial class Libc
{
    public const int SWAP_FLAG_PREFER = 0x8000;
    public const int SWAP_FLAG_PRIO_MASK = 0x7fff;
    public const int SWAP_FLAG_PRIO_SHIFT = 0;

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int swapon(string path, int swapflags);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int swapoff(string path);
}
