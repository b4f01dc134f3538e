using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Samepage.SystemTests.Host;

/// <summary>Runs programs for the tests of doctor, status and top.</summary>
internal static class HostTool
{
    /// <summary>The published executable: SAMEPAGE_BIN, or what ./samepage built.</summary>
    public static string Samepage { get; } = Environment.GetEnvironmentVariable("SAMEPAGE_BIN") ?? BuiltHere();

    public static bool IsRoot => Environment.IsPrivilegedProcess;

    /// <summary>Runs a program to its end.</summary>
    public static (int Status, string Output, string Errors) Run(string program, params IEnumerable<string> arguments)
    {
        using var process = Start(program, arguments);
        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, errors.Result);
    }

    /// <summary>Starts a program with all three streams redirected.</summary>
    public static Process Start(string program, params IEnumerable<string> arguments) =>
        Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;

    private static string BuiltHere([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../../artifacts/samepage/samepage"));
}
