using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Samepage.SystemTests;

/// <summary>The published executable, as a user meets it.</summary>
internal static class SamepageCommand
{
    private static readonly string s_path =
        Environment.GetEnvironmentVariable("SAMEPAGE_BIN") ?? Path.Combine(Repository, "artifacts", "samepage", "samepage");

    private static readonly Lazy<string> s_copy = new(CopyForAll);

    /// <summary>The root of the sources.</summary>
    public static string Repository => Above();

    /// <summary>Where it lies: SAMEPAGE_BIN, or what ./samepage built.</summary>
    public static string Executable => File.Exists(s_path)
        ? s_path
        : throw new FileNotFoundException($"{s_path} is missing; run ./samepage --help once, or set SAMEPAGE_BIN");

    /// <summary>A copy where every user may execute it: not all can reach into the directory of a build.</summary>
    public static string ExecutableForAll => s_copy.Value;

    /// <summary>Runs it to its end.</summary>
    public static (int Status, string Output, string Errors) Run(params IEnumerable<string> arguments) =>
        Tool.Run(Executable, arguments);

    /// <summary>Runs it to its end, which must have this exit status, and reads its output as one JSON object.</summary>
    public static JsonElement Json(int status, params IEnumerable<string> arguments)
    {
        var run = Run([.. arguments, "--json"]);
        Assert.True(run.Status == status, $"exit status {run.Status}: {run.Errors}");
        return JsonDocument.Parse(run.Output).RootElement;
    }

    /// <summary>Runs it to its end as the user who may least.</summary>
    public static (int Status, string Output, string Errors) RunAsNobody(params IEnumerable<string> arguments) =>
        Tool.Run("setpriv", AsNobody(arguments));

    /// <summary>Starts it as a terminal would: a shell that runs the tests in the background has them ignore SIGINT.</summary>
    public static Process Start(params IEnumerable<string> arguments) =>
        Tool.StartInterruptible(Executable, arguments);

    /// <summary>The arguments of setpriv that run it as nobody.</summary>
    public static IEnumerable<string> AsNobody(params IEnumerable<string> arguments) =>
        ["--reuid=65534", "--regid=65534", "--clear-groups", "env", "-u", "XDG_RUNTIME_DIR", ExecutableForAll, .. arguments];

    private static string CopyForAll()
    {
        var copy = Path.Combine(TargetProgram.OutputDirectory, "samepage");
        File.Copy(Executable, copy);
        return copy;
    }

    private static string Above([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", ".."));
}
