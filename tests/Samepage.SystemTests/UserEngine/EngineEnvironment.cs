using System.Diagnostics;
using System.Globalization;
using Samepage.Linux.Proc;

namespace Samepage.SystemTests.UserEngine;

/// <summary>How a program comes under the engine.</summary>
public enum MergingWay
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>It opens libsamepage.so and joins by itself.</summary>
    Library,

    /// <summary>It calls madvise(MADV_MERGEABLE) as for the kernel, with the library preloaded.</summary>
    Preload,
}

/// <summary>
/// A domain of a test's own, and the environment that brings programs into it. On disposal no keeper of the domain is
/// left.
/// </summary>
internal sealed class EngineEnvironment : IDisposable
{
    private static int s_domains;

    /// <summary>Which domain.</summary>
    public string Domain { get; } = string.Create(
        CultureInfo.InvariantCulture, $"pg-{Environment.ProcessId}-{Interlocked.Increment(ref s_domains)}");

    /// <summary>Where the shipped libraries lie.</summary>
    private static string Shipped => Path.GetDirectoryName(SamepageCommand.Executable)!;

    /// <summary>What is to be set for a program.</summary>
    /// <param name="way">How it comes in.</param>
    /// <param name="breakage">Null for the engine that is shipped; else the way in which the one built for tests goes wrong.</param>
    public IEnumerable<string> Variables(MergingWay way, string? breakage = null)
    {
        if (way == MergingWay.None)
        {
            return ["-u", "SAMEPAGE_LIBRARY", "-u", "SAMEPAGE_DOMAIN"];
        }

        var directory = breakage is null ? Shipped : Path.Combine(Shipped, "testing");
        var (name, variable) = way == MergingWay.Library
            ? ("libsamepage.so", "SAMEPAGE_LIBRARY")
            : ("libsamepage-preload.so", "LD_PRELOAD");
        var library = Path.Combine(directory, name);
        Assert.True(File.Exists(library), $"{library} is missing; run ./samepage --version once");
        return
        [
            $"{variable}={library}", $"SAMEPAGE_DOMAIN={Domain}", $"SAMEPAGE_KEEPER={SamepageCommand.Executable}",
            "SAMEPAGE_PACE=eager", .. breakage is null ? (IEnumerable<string>)[] : [$"SAMEPAGE_BREAK={breakage}"],
        ];
    }

    /// <summary>Waits for the domain's keeper to end by itself, and ends it where it does not.</summary>
    public void Dispose()
    {
        for (var clock = Stopwatch.StartNew(); Keepers().Any() && clock.Elapsed < TimeSpan.FromSeconds(5); Thread.Sleep(50))
        {
        }

        foreach (var keeper in Keepers().ToList())
        {
            TestContext.Current.TestOutputHelper?.WriteLine($"the keeper of {Domain}, process {keeper}, had to be ended");
            Tool.Signal(keeper, "KILL");
        }
    }

    private IEnumerable<int> Keepers() => Directory.EnumerateDirectories("/proc")
        .Select(directory => int.TryParse(Path.GetFileName(directory), CultureInfo.InvariantCulture, out var pid) ? pid : 0)
        .Where(pid => pid > 1 && Words(pid) is [_, "keeper", ..] words && words.Contains(Domain));

    private static string[] Words(int pid)
    {
        try
        {
            return new ProcFs().Read(pid, "cmdline").Split('\0');
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException or Samepage.Linux.LinuxException)
        {
            return [];
        }
    }
}
