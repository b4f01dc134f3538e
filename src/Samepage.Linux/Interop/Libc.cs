using System.Runtime.CompilerServices;

// One partial file per C header. Names, spelling and values are those of the headers: tests/Samepage.Tests/Abi
// compiles every constant, size and offset found here against the host's own headers.
[assembly: DisableRuntimeMarshalling]

namespace Samepage.Linux.Interop;

/// <summary>Raw imports from the C library. Nothing outside this assembly sees them.</summary>
internal static unsafe partial class Libc
{
    private const string Library = "libc";
}
