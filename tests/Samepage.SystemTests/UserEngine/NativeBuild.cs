using System.Globalization;

namespace Samepage.SystemTests.UserEngine;

/// <summary>The native side as ./samepage built it, and C programs that are linked with it.</summary>
internal static class NativeBuild
{
    /// <summary>Where executable and libraries lie.</summary>
    public static string Output => Path.GetDirectoryName(Path.GetFullPath(SamepageCommand.Executable))!;

    /// <summary>The sources of the native side.</summary>
    public static string Sources => Path.Combine(SamepageCommand.Repository, "src", "Samepage.Native");

    /// <summary>Skips the test where the user engine was not built, or this kernel has no MOVE.</summary>
    public static void Require()
    {
        Assert.SkipUnless(File.Exists(Path.Combine(Output, "libsamepage-engine.so")), "the user engine was not built (no native toolchain)");
        Assert.SkipUnless(Linux.Probes.UserfaultProbe.BySystemCall().CanMove, "needs userfaultfd with MOVE (6.8), and the right to use it");
    }

    /// <summary>Compiles a program of Targets/ that is linked with libsamepage.so.</summary>
    public static string Compile(string name) =>
        TargetProgram.Compile(name, $"-I{Sources} -Wl,--no-as-needed,-rpath,{Output} {Output}/libsamepage.so");

    /// <summary>A domain that no other test uses.</summary>
    public static string Domain(string name) => string.Create(CultureInfo.InvariantCulture, $"nt-{name}-{Environment.ProcessId}");

    /// <summary>Reads lines until "ok"; gives them. A line that says "failed" fails the test.</summary>
    public static IReadOnlyList<string> Lines(TargetProgram program, TimeSpan patience)
    {
        var lines = new List<string>();
        for (var line = program.ReadLine(patience); line != "ok"; line = program.ReadLine(patience))
        {
            Assert.False(line.StartsWith("failed", StringComparison.Ordinal), line);
            lines.Add(line);
        }

        return lines;
    }
}
