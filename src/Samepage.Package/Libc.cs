namespace Samepage.Linux.Interop;

/// <summary>Raw imports from the C library: those of Samepage.Linux that membership needs.</summary>
internal static unsafe partial class Libc
{
    private const string Library = "libc";
}
