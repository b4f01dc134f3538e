using System.Globalization;
using Samepage.Governing;
using Samepage.Linux.Proc;
using Samepage.Linux.Sys;
using Samepage.Scenarios.Trials;

namespace Samepage.Bench.Measuring;

/// <summary>
/// ksmd at the pace of <see cref="MergeTrial"/>, without smart scan. Needs ksmd to itself; settings are put back when
/// it is disposed of.
/// </summary>
internal sealed class KernelMerging : IMerging
{
    private readonly KsmSysfs _ksm = new();
    private readonly SavedSettings _settings;
    private readonly KsmdThread _ksmd = new(new ProcFs());
    private IReadOnlyList<int> _pids = [];
    private (double Cpu, long Saved, long Anonymous, long Passes) _before;

    public KernelMerging()
    {
        _ = _ksmd.Pid ?? throw new InvalidOperationException("ksmd is not to be seen");
        _settings = SavedSettings.Take(_ksm, StateDirectory.Default, new ProcFs());
        _settings.Set("run", "0");
    }

    public string Name => "kernel";

    public IReadOnlyDictionary<string, string> Environment => NativeProgram.NoEnvironment;

    public double CpuSeconds => _ksmd.CpuSeconds!.Value - _before.Cpu;

    /// <summary>
    /// What stands in for frames, and pages that left anonymous memory: from Linux 6.12 a huge page that ksmd splits
    /// has its untouched parts mapped to the zero page, which none of ksmd's counters shows.
    /// </summary>
    public long SavedPages =>
        _ksm.PagesSharing - _before.Saved + _before.Anonymous - FleetMemory.Read(_pids).AnonymousPages;

    public double Passes => _ksm.FullScans - _before.Passes;

    public double QuietPasses => ConvergenceTracker.PlainPasses;

    public TimeSpan QuietTime => TimeSpan.FromSeconds(1);

    public EngineAccount Account => new()
    {
        MergedPages = _ksm.PagesSharing,
        ZeroPages = _before.Anonymous - FleetMemory.Read(_pids).AnonymousPages,
        ScannedPages = _ksm.RmapItems,
        MetadataBytes = 64 * (_ksm.RmapItems + _ksm.PagesShared),
        ReportedCpuSeconds = CpuSeconds,
    };

    public void Begin(IReadOnlyList<int> pids)
    {
        _pids = pids;
        _before = (_ksmd.CpuSeconds!.Value, _ksm.PagesSharing, FleetMemory.Read(pids).AnonymousPages, _ksm.FullScans);
        (string File, string Value)[] pace =
        [
            ("advisor_mode", "none"), ("smart_scan", "0"), ("pages_to_scan", Text(MergeTrial.PagesToScan)),
            ("sleep_millisecs", Text(MergeTrial.SleepMilliseconds)), ("run", "1"),
        ];
        foreach (var (file, value) in pace.Where(setting => File.Exists($"{_ksm.Root}/{setting.File}")))
        {
            _settings.Set(file, value);
        }
    }

    /// <summary>The programs have ended by now: ksmd first drops what it knew of them, as it would not once it stands still.</summary>
    public void Dispose()
    {
        new MergeTrial(new ProcFs(), _ksm).LetGo(TimeSpan.FromSeconds(10));
        _settings.Dispose();
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
