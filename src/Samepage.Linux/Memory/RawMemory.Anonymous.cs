using System.Runtime.InteropServices;
using Samepage.Linux.Interop;

namespace Samepage.Linux.Memory;

// What the NuGet package compiles too (src/Samepage.Package). The other part makes the class public; where this is alone
// it is internal.
#pragma warning disable IDE0040
static unsafe partial class RawMemory
#pragma warning restore IDE0040
{
    private const nint ReadWrite = Libc.PROT_READ | Libc.PROT_WRITE;

    /// <summary>Maps anonymous private memory, where the kernel likes.</summary>
    /// <returns>Null where it could not.</returns>
    public static byte* MapAnonymous(ulong bytes, bool noReserve)
    {
        var flags = Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS | (noReserve ? Libc.MAP_NORESERVE : 0);
        var address = Libc.syscall(Libc.SYS_mmap, 0, (nint)bytes, ReadWrite, flags, -1, 0);
        return address == -1 ? null : (byte*)address;
    }

    /// <summary>Takes a mapping away.</summary>
    public static Errno Unmap(byte* address, ulong bytes) =>
        Result(Libc.syscall(Libc.SYS_munmap, (nint)address, (nint)bytes, 0, 0, 0, 0));

    private static Errno Result(nint status) => status != -1 ? Errno.None : (Errno)Marshal.GetLastPInvokeError();
}
