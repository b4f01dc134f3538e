using System.Diagnostics;
using System.Globalization;
using Samepage.Bench.Measuring;
using Samepage.Governing;
using Samepage.Linux.Proc;

namespace Samepage.Bench.Peers;

/// <summary>samepage serve, with no policy unless one is given. It has directories and a port of its own, and its log is kept.</summary>
internal sealed class DaemonPeer(SavedSettings settings, string logPath, string policy = "") : IPeer
{
    private const int Port = 17373;
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("samepage-bench-serve-");
    private Process? _process;
    private StreamWriter? _log;
    private IDisposable? _lent;

    public string Name => "samepage";

    public double CpuSeconds => _process is { } process ? CpuTime.OfProcess(process.Id) + CpuTime.OfReapedChildren(process.Id) : 0;

    public long ResidentBytes => _process is { } process ? ProcessStatus.TryRead(new ProcFs(), process.Id)?.ResidentBytes ?? 0 : 0;

    public void Begin()
    {
        var ready = new ManualResetEventSlim();
        _log = new StreamWriter(logPath) { AutoFlush = true };
        var policyFile = Path.Combine(_directory.FullName, "samepage.toml");
        File.WriteAllText(policyFile, policy);
        _lent = settings.Lend();
        var clock = Stopwatch.StartNew();
        _process = Process.Start(new ProcessStartInfo(
            Machine.SamepageBinary,
            [
                "serve", "--state", Path.Combine(_directory.FullName, "state"), "--run", Path.Combine(_directory.FullName, "run"),
                "--config", policyFile, "--host-proc", PidNamespace.HostProc ?? "/proc", "--listen", $"127.0.0.1:{Port}",
            ])
        { RedirectStandardError = true })!;
        _process.ErrorDataReceived += (_, line) =>
        {
            _log.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{clock.Elapsed.TotalSeconds,8:F2} {line.Data}"));
            if (line.Data?.Contains(" serves: ", StringComparison.Ordinal) == true)
            {
                ready.Set();
            }
        };
        _process.BeginErrorReadLine();
        if (!ready.Wait(TimeSpan.FromSeconds(10)))
        {
            throw new InvalidOperationException($"the daemon did not come up: see {logPath}");
        }
    }

    public void Dispose()
    {
        if (_process is { } process)
        {
            using var kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]);
            process.WaitForExit();
            process.Dispose();
        }

        _process = null;
        _lent?.Dispose();
        _log?.Dispose();
        _directory.Delete(recursive: true);
    }
}
