using Samepage.Bench.Measuring;
using Samepage.Governing;

namespace Samepage.Bench.Peers;

/// <summary>samepage serve, with no policy unless one is given. Its directories are gone with it, and its log is kept.</summary>
internal sealed class DaemonPeer(SavedSettings settings, string logPath, string policy = "") : IPeer
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("samepage-bench-serve-");
    private ServedDaemon? _daemon;
    private IDisposable? _lent;

    public string Name => "samepage";

    public double CpuSeconds => _daemon?.CpuSeconds ?? 0;

    public long ResidentBytes => _daemon?.Memory.ResidentBytes ?? 0;

    public void Begin()
    {
        _lent = settings.Lend();
        _daemon = new ServedDaemon(Machine.SamepageBinary, _directory.FullName, logPath, policy);
    }

    public void Pause() => Signals.Send(_daemon!.Pid, "STOP");

    public void Resume() => Signals.Send(_daemon!.Pid, "CONT");

    public void Dispose()
    {
        _daemon?.Dispose();
        _daemon = null;
        _lent?.Dispose();
        _directory.Delete(recursive: true);
    }
}
