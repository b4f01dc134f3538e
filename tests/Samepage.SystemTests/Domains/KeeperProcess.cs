using System.Diagnostics;
using Samepage.Merging.User;
using Samepage.Merging.User.Keeping;

namespace Samepage.SystemTests.Domains;

/// <summary>A keeper of the published executable, for a domain of the test's own. Disposing of it ends it cleanly and looks that nothing stays.</summary>
internal sealed class KeeperProcess : IDisposable
{
    private static int s_count;
    private readonly string[] _options;

    public KeeperProcess(params string[] options)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root, whose keepers lie in /run/samepage");
        _options = options;
        Name = DomainName.TryParse($"kp-test-{Environment.ProcessId}-{Interlocked.Increment(ref s_count)}")!;
        Process = Start();
    }

    public DomainName Name { get; }

    public Process Process { get; private set; }

    public DomainReport Report => DomainQuery.Ask(Name, TimeSpan.FromSeconds(5));

    /// <summary>What lies about of the domain.</summary>
    public string[] Remains => [.. Directory.GetFiles(DomainName.OwnDirectory, $"{Name}.*").Order()];

    /// <summary>Starts one more for the same domain, and does not wait for it.</summary>
    public Process StartAnother() => Tool.Start(SamepageCommand.Executable, ["keeper", "--domain", Name.Text, .. _options]);

    /// <summary>Kills it, as the OOM killer would.</summary>
    public void Kill()
    {
        Process.Kill();
        Process.WaitForExit();
    }

    public void Restart() => Process = Start();

    public static void Until(Func<bool> condition, string what, int seconds = 15)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(clock.Elapsed.TotalSeconds < seconds, $"not in time: {what}");
            Thread.Sleep(10);
        }
    }

    public void Dispose()
    {
        if (!Process.HasExited)
        {
            Tool.Signal(Process.Id, "TERM");
        }

        Assert.True(Process.WaitForExit(10_000), "the keeper does not end");
        Process.Dispose();
        foreach (var file in Remains)
        {
            File.Delete(file);
        }
    }

    private Process Start()
    {
        var process = StartAnother();
        Until(() => RawMember.CanConnect(Name) || process.HasExited, "the keeper listens");
        Assert.False(process.HasExited, "the keeper has ended");
        return process;
    }
}
