using System.Runtime.InteropServices;

namespace Samepage.Server.History;

/// <summary>One process in a packed row; 12 bytes, in the byte order of x86-64.</summary>
/// <param name="Id">Its number in table <c>process</c>.</param>
/// <param name="SavedPages">Merged and zero pages.</param>
/// <param name="TrackedPages">Pages with metadata.</param>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal readonly record struct PackedProcess(uint Id, uint SavedPages, uint TrackedPages)
{
    private const long PageSize = 4096, ItemSize = 64;

    /// <summary>Bytes saved.</summary>
    public long SavedBytes => SavedPages * PageSize;

    /// <summary>The same less metadata.</summary>
    public long ProfitBytes => SavedBytes - (TrackedPages * ItemSize);

    /// <summary>The processes of a row; bytes behind the last whole one are nobody's.</summary>
    public static ReadOnlySpan<PackedProcess> Read(ReadOnlySpan<byte> packed) => MemoryMarshal.Cast<byte, PackedProcess>(packed);

    /// <summary>A row.</summary>
    public static byte[] Write(ReadOnlySpan<PackedProcess> processes) => MemoryMarshal.AsBytes(processes).ToArray();
}
