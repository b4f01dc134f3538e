namespace Samepage.Scenarios;

/// <summary>Finds programs of the machine.</summary>
internal static class Executable
{
    /// <summary>Where root's programs are, which PATH may leave out.</summary>
    private static readonly string[] s_always = ["/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"];

    /// <summary>The path of a program, or null where the machine does not have it.</summary>
    public static string? Find(string name)
    {
        var search = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);
        return search.Concat(s_always)
            .Select(directory => Path.Combine(directory, name))
            .FirstOrDefault(IsExecutable);
    }

    /// <summary>The path of a program that must be there.</summary>
    /// <exception cref="ScenarioException">It is not.</exception>
    public static string Require(string name) =>
        Find(name) ?? throw new ScenarioException($"the program '{name}' is missing on this machine");

    private static bool IsExecutable(string path) =>
        !OperatingSystem.IsWindows() && File.Exists(path)
        && (File.GetUnixFileMode(path) & (UnixFileMode.UserExecute | UnixFileMode.OtherExecute)) != 0;
}
