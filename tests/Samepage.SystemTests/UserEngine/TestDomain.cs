using System.Globalization;

namespace Samepage.SystemTests.UserEngine;

/// <summary>
/// A domain of one test's own: its name, the environment of programs that are to join it, its keeper, and the proof that
/// nothing of it is left. When it is disposed of, keepers of this very name are ended, whatever the test did.
/// </summary>
internal sealed class TestDomain : IDisposable
{
    private const string Sockets = "/run/samepage/domains";
    private static int s_count;

    /// <summary>Names a domain that nobody else has; its keeper starts with its first member.</summary>
    /// <param name="area">What the test is about.</param>
    /// <param name="needsEngine">False for the reference runs, which nobody merges.</param>
    public TestDomain(string area, bool needsEngine = true)
    {
        Name = $"sm-{area}-{Environment.ProcessId}-{Interlocked.Increment(ref s_count)}";
        if (needsEngine)
        {
            Assert.SkipUnless(Environment.IsPrivilegedProcess, "userfaultfd and frame numbers need root");
            Assert.True(File.Exists(Preload), $"{Preload} is missing; run ./samepage --help once");
        }
    }

    /// <summary>The domain's name.</summary>
    public string Name { get; }

    /// <summary>The library for programs that were not written for Samepage.</summary>
    public static string Preload => Beside("libsamepage-preload.so");

    /// <summary>The library with the C ABI.</summary>
    public static string Library => Beside("libsamepage.so");

    /// <summary>Where members and others find the keeper.</summary>
    public string Socket => Path.Combine(Sockets, Name + ".sock");

    /// <summary>Its socket, and whatever else carries its name.</summary>
    public IReadOnlyList<string> Files => Directory.Exists(Sockets) ? Directory.GetFiles(Sockets, Name + ".*") : [];

    /// <summary>The keepers of this domain that run now, by their own command lines.</summary>
    public IReadOnlyList<int> Keepers => [.. Directory.EnumerateDirectories("/proc")
        .Select(directory => int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : 0)
        .Where(pid => pid > 1 && IsKeeper(pid))];

    /// <summary>Compiles Targets/NAME.c against the public header.</summary>
    public static string Compile(string name) =>
        TargetProgram.Compile(name, $"-I{SamepageCommand.Repository}/src/Samepage.Native/include");

    /// <summary>The words for env(1) in front of a program that is to be merged without knowing it.</summary>
    public IEnumerable<string> Environs(bool isEager = true) =>
        ["env", $"LD_PRELOAD={Preload}", $"SAMEPAGE_DOMAIN={Name}", $"SAMEPAGE_KEEPER={SamepageCommand.Executable}",
            .. isEager ? ["SAMEPAGE_PACE=eager"] : Array.Empty<string>()];

    /// <summary>The words for env(1) in front of a program that calls the library itself.</summary>
    public static IEnumerable<string> EnvironsOfAbi() =>
        ["env", $"SAMEPAGE_TEST_LIBRARY={Library}", $"SAMEPAGE_TEST_KEEPER={SamepageCommand.Executable}"];

    /// <summary>Starts a member that can be talked to.</summary>
    public TargetProgram Start(string name, params IEnumerable<string> arguments) =>
        TargetProgram.Launch("/usr/bin/env", [.. Environs().Skip(1), Compile(name), "preload", .. arguments]);

    /// <summary>Runs a test program to its end, a minute at most.</summary>
    /// <param name="mode">Who merges: "plain", "naive", "preload" or "abi" (Targets/user_engine.h).</param>
    /// <param name="name">The program.</param>
    /// <param name="arguments">What comes behind the mode.</param>
    public (int Status, string Output) Run(string mode, string name, params IEnumerable<string> arguments)
    {
        var directory = Directory.CreateTempSubdirectory("samepage-member-");
        try
        {
            var environs = mode switch { "preload" => Environs(), "abi" => EnvironsOfAbi(), _ => ["env"] };
            var run = Tool.Run("timeout", ["-k", "5", "120", "env", "-C", directory.FullName, .. environs.Skip(1), Compile(name), mode, .. arguments]);
            return (run.Status, run.Output + run.Errors);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    /// <summary>Waits until the keeper has gone, and its socket with it; the last member must have ended.</summary>
    public void AssertNothingIsLeft(TimeSpan? patience = null)
    {
        var end = DateTime.UtcNow + (patience ?? TimeSpan.FromSeconds(15));
        while ((Keepers.Count > 0 || Files.Count > 0) && DateTime.UtcNow < end)
        {
            Thread.Sleep(20);
        }

        Assert.Empty(Keepers);
        Assert.Empty(Files);
    }

    public void Dispose()
    {
        foreach (var pid in Keepers)
        {
            _ = Tool.Run("/bin/kill", "-KILL", $"{pid}");
        }

        foreach (var file in Files)
        {
            File.Delete(file);
        }
    }

    private static string Beside(string name) => Path.Combine(Path.GetDirectoryName(SamepageCommand.Executable)!, name);

    private bool IsKeeper(int pid)
    {
        try
        {
            var words = File.ReadAllText($"/proc/{pid}/cmdline").Split('\0', StringSplitOptions.RemoveEmptyEntries);
            return words.Contains("keeper") && words.Contains(Name);
        }
        catch (IOException)
        {
            return false;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }
}
