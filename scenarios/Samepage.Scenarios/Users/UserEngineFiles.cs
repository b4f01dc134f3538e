using Samepage.Linux.Probes;

namespace Samepage.Scenarios.Users;

/// <summary>The files of the user engine, which lie side by side wherever Samepage was installed or built.</summary>
/// <param name="Executable">The executable, which is the keeper too.</param>
/// <param name="Preload">The library for programs that were not written for Samepage.</param>
public sealed record UserEngineFiles(string Executable, string Preload)
{
    private static readonly string[] s_libraries =
        ["libsamepage.so.1", "libsamepage-engine.so", "libsamepage-preload.so"];

    /// <summary>Looks for them, and asks the kernel for what the engine stands on.</summary>
    /// <param name="directory">Where the executable is.</param>
    /// <param name="missing">What is not there, each with what would mend it; empty where all is.</param>
    /// <returns>The files, or null where something is missing.</returns>
    public static UserEngineFiles? Find(string directory, out IReadOnlyList<string> missing)
    {
        List<string> absent = [.. s_libraries
            .Where(library => !File.Exists(Path.Combine(directory, library)))
            .Select(library => $"{library} beside the executable (the user engine; it is built natively only)")];
        if (!OffersMove())
        {
            absent.Add("userfaultfd with UFFDIO_MOVE (Linux 6.8, and root or access to /dev/userfaultfd)");
        }

        if (!OwnedProcess.CanBeOwned)
        {
            absent.Add("setpriv and setsid (package util-linux)");
        }

        missing = absent;
        return absent.Count > 0
            ? null
            : new UserEngineFiles(Path.Combine(directory, "samepage"), Path.Combine(directory, s_libraries[2]));
    }

    private static bool OffersMove() => UserfaultProbe.ByDevice().CanMove || UserfaultProbe.BySystemCall().CanMove;
}
