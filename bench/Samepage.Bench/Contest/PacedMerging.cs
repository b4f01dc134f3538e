using Samepage.Bench.Measuring;
using Samepage.Bench.Peers;
using Samepage.Governing;
using Samepage.Linux.Proc;
using Samepage.Linux.Sys;

namespace Samepage.Bench.Contest;

/// <summary>ksmd at the pace of a peer; that peer's CPU time and memory count with ksmd's.</summary>
internal sealed class PacedMerging(IPeer peer, KsmSysfs ksm) : IPausableMerging
{
    private readonly KsmdThread _ksmd = new(new ProcFs(PidNamespace.HostProc ?? "/proc"));
    private IReadOnlyList<int> _pids = [];
    private string? _runBefore;
    private (double Ksmd, double Peer, long Sharing, long Anonymous, long Passes) _before;

    public string Name => peer.Name;

    public IReadOnlyDictionary<string, string> Environment => NativeProgram.NoEnvironment;

    public double CpuSeconds => KsmdSeconds - _before.Ksmd + peer.CpuSeconds - _before.Peer;

    /// <summary>As <see cref="KernelMerging.SavedPages"/>.</summary>
    public long SavedPages =>
        ksm.PagesSharing - _before.Sharing + _before.Anonymous - FleetMemory.Read(_pids).AnonymousPages;

    public double Passes => ksm.FullScans - _before.Passes;

    public double QuietPasses => ConvergenceTracker.SmartScanPasses;

    public TimeSpan QuietTime => TimeSpan.FromSeconds(2);

    public EngineAccount Account => new()
    {
        MergedPages = ksm.PagesSharing,
        ScannedPages = ksm.RmapItems,
        ReportedCpuSeconds = CpuSeconds,
        KeeperCpuSeconds = peer.CpuSeconds - _before.Peer,
        KeeperResidentBytes = peer.ResidentBytes,
    };

    private string RunFile => Path.Combine(ksm.Root, "run");

    private double KsmdSeconds => _ksmd.CpuSeconds ?? throw new InvalidOperationException("ksmd is not to be seen");

    public void Begin(IReadOnlyList<int> pids)
    {
        _pids = pids;
        _before = (KsmdSeconds, 0, ksm.PagesSharing, FleetMemory.Read(pids).AnonymousPages, ksm.FullScans);
        peer.Begin();
    }

    /// <summary>Also past whoever has been lent the settings: it stands still itself, and finds them as it left them.</summary>
    public void Pause()
    {
        if (_runBefore is null)
        {
            peer.Pause();
            _runBefore = File.ReadAllText(RunFile);
            File.WriteAllText(RunFile, "0");
        }
    }

    public void Resume()
    {
        if (_runBefore is { } run)
        {
            File.WriteAllText(RunFile, run);
            _runBefore = null;
            peer.Resume();
        }
    }

    public void Dispose()
    {
        Resume();
        peer.Dispose();
    }
}
