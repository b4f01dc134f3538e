using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Samepage.Linux;
using Samepage.Merging.User.Engine;
using Samepage.Merging.User.Protocol;

[assembly: DisableRuntimeMarshalling]

namespace Samepage.Membership;

/// <summary>libsamepage.so as include/samepage.h declares it, and where it is found.</summary>
internal static unsafe partial class SamepageLibrary
{
    private const string Library = "samepage";
    private const string FileName = "libsamepage.so";

    /// <summary>What it is called where it was installed without what compilers need.</summary>
    private const string VersionedName = "libsamepage.so.1";

    /// <summary>Names a file or directory to load it from.</summary>
    private const string Variable = "SAMEPAGE_LIBRARY";

    static SamepageLibrary() => NativeLibrary.SetDllImportResolver(typeof(SamepageLibrary).Assembly, Resolve);

    /// <summary><c>struct samepage_join_options</c>.</summary>
    public struct JoinOptions
    {
        public uint Size;
        public uint Flags;
        public byte* Domain;
        public byte* Keeper;
        public GateLimits Limits;
    }

    [LibraryImport(Library)]
    public static partial int samepage_abi_version();

    [LibraryImport(Library)]
    public static partial int samepage_domain_join(JoinOptions* options);

    [LibraryImport(Library)]
    public static partial int samepage_domain_leave();

    [LibraryImport(Library)]
    public static partial int samepage_range_advise(void* address, ulong length);

    [LibraryImport(Library)]
    public static partial int samepage_range_unadvise(void* address, ulong length);

    [LibraryImport(Library)]
    public static partial int samepage_range_discard(void* address, ulong length);

    [LibraryImport(Library)]
    public static partial long samepage_scan(uint timeout_milliseconds);

    [LibraryImport(Library)]
    public static partial int samepage_limits_set(GateLimits* limits);

    [LibraryImport(Library)]
    public static partial int samepage_statistics_read(MemberCounters* statistics);

    [LibraryImport(Library)]
    public static partial int samepage_stalls_read(ulong* buckets);

    [LibraryImport(Library)]
    public static partial int samepage_reason_text(byte* text, uint size);

    /// <summary>Turns a negative errno into an exception that names the call.</summary>
    public static long Check(long result, [CallerArgumentExpression(nameof(result))] string call = "")
    {
        var end = call.IndexOf('(', StringComparison.Ordinal);
        return result >= 0
            ? result
            : throw new LinuxException(call[(call.IndexOf('.', StringComparison.Ordinal) + 1)..(end < 0 ? call.Length : end)], (Errno)(-result));
    }

    /// <summary>
    /// Beside the program, then where SAMEPAGE_LIBRARY says, then where the program's packages lie and the system keeps
    /// libraries.
    /// </summary>
    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        if (name != Library)
        {
            return 0;
        }

        foreach (var candidate in Candidates())
        {
            if (NativeLibrary.TryLoad(candidate, assembly, path, out var handle))
            {
                return handle;
            }
        }

        return 0;
    }

    private static IEnumerable<string> Candidates()
    {
        yield return Path.Combine(AppContext.BaseDirectory, FileName);
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named)
        {
            yield return Directory.Exists(named) ? Path.Combine(named, FileName) : named;
        }

        yield return FileName;
        yield return VersionedName;
    }
}
