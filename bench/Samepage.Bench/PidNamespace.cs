using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Samepage.Bench;

/// <summary>
/// Runs a bench anew in a pid namespace, so that a daemon that it starts meets nobody but the bench's own programs. The
/// host's /proc stays within reach there, for ksmd's CPU time.
/// </summary>
internal static class PidNamespace
{
    private const string Variable = "SAMEPAGE_BENCH_HOST_PROC";

    // The first process of a namespace takes over whoever has lost a parent: a shell is used to that.
    private const string Script = """
        mount --bind /proc "$0" && exec unshare --pid --fork --kill-child --mount-proc /bin/sh -c '"$@"; exit $?' sh "$@"
        """;

    /// <summary>Where the host's /proc is; null outside.</summary>
    public static string? HostProc => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } path ? path : null;

    /// <summary>Runs this program with these arguments in there; ksmd's settings are as before when it has ended.</summary>
    public static int Run(IEnumerable<string> arguments)
    {
        using var knobs = new KsmdKnobs();
        var mount = Directory.CreateTempSubdirectory("samepage-bench-proc-");
        try
        {
            var self = Environment.ProcessPath!;
            string[] program = Path.GetFileNameWithoutExtension(self) == "dotnet" ? [self, typeof(PidNamespace).Assembly.Location] : [self];
            // The kernel ends it with this process, however that ends.
            var start = new ProcessStartInfo("setpriv", ["--pdeathsig", "KILL", "unshare", "--mount", "/bin/sh", "-c", Script, mount.FullName, .. program, .. arguments]);
            start.Environment[Variable] = mount.FullName;
            using var process = Process.Start(start)!;

            // Whoever calls it off ends the namespace with all that is in it, and this process goes on to clear up.
            void End(PosixSignalContext signal)
            {
                signal.Cancel = true;
                process.Kill();
            }

            using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
            using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
            process.WaitForExit();
            return process.ExitCode;
        }
        finally
        {
            mount.Delete();
        }
    }
}
