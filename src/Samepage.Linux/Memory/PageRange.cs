using System.Runtime.InteropServices;

namespace Samepage.Linux.Memory;

/// <summary>Contiguous pages in another process; laid out like the kernel's iovec, which it is handed to as.</summary>
/// <param name="Address">First address, page-aligned.</param>
/// <param name="Bytes">Length, whole pages.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct PageRange(ulong Address, ulong Bytes);
