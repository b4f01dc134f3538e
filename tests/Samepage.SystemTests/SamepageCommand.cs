using System.Runtime.CompilerServices;

namespace Samepage.SystemTests;

/// <summary>The published executable, as a user meets it.</summary>
internal static class SamepageCommand
{
    private static readonly string s_path =
        Environment.GetEnvironmentVariable("SAMEPAGE_BIN") ?? Path.Combine(Repository(), "artifacts", "samepage", "samepage");

    /// <summary>Where it lies: SAMEPAGE_BIN, or what ./samepage built.</summary>
    public static string Executable => File.Exists(s_path)
        ? s_path
        : throw new FileNotFoundException($"{s_path} is missing; run ./samepage --help once, or set SAMEPAGE_BIN");

    /// <summary>Runs it to its end.</summary>
    public static (int Status, string Output, string Errors) Run(params IEnumerable<string> arguments) =>
        TargetProgram.Run(Executable, arguments);

    private static string Repository([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", ".."));
}
