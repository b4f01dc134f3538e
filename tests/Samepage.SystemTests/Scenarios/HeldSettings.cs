using Samepage.Governing;
using Samepage.Linux.Proc;
using Samepage.Linux.Sys;

namespace Samepage.SystemTests.Scenarios;

/// <summary>
/// This process holds ksmd's settings, as <c>samepage serve</c> would, in a state directory of its own; ksmd is not touched.
/// The command is shown that directory in the place of the machine's.
/// </summary>
internal sealed class HeldSettings : IDisposable
{
    private const string Script = """
        mount -t tmpfs none /var/lib && mkdir /var/lib/samepage && mount --bind "$0" /var/lib/samepage && exec "$@"
        """;

    // Not in /tmp, which may be memory: fifty-two wants a disk.
    private readonly string _state = Path.Combine("/var/tmp", $"sp-held-{Guid.NewGuid():N}");
    private readonly SavedSettings _settings;

    public HeldSettings() => _settings = SavedSettings.Take(new KsmSysfs(Path.Combine(_state, "ksm")), _state, new ProcFs());

    /// <summary>Runs the command there to its end.</summary>
    public (int Status, string Output, string Errors) Run(params IEnumerable<string> arguments)
    {
        var run = Tool.Run("unshare", ["--mount", "/bin/sh", "-c", Script, _state, SamepageCommand.Executable, .. arguments]);
        Assert.Equal([Path.Combine(_state, "ksm-settings")], Directory.EnumerateFiles(_state));
        return run;
    }

    /// <summary>Runs a scenario there, which must refuse in one line that names this process.</summary>
    public void AssertRefused(params IEnumerable<string> arguments)
    {
        var (status, output, errors) = Run(["scenario", .. arguments]);
        Assert.Equal((1, ""), (status, output));
        Assert.Contains($"another samepage (process {Environment.ProcessId})", Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _settings.Dispose();
        if (Directory.Exists(_state))
        {
            Directory.Delete(_state, recursive: true);
        }
    }
}
