using Samepage.Governing;
using Samepage.Guarding;
using Samepage.Linux;
using Samepage.Linux.Proc;
using Samepage.Linux.Sys;
using Samepage.Merging.User.Keeping;
using Samepage.Policies;
using Samepage.Scenarios.Trials;

namespace Samepage.Scenarios.FiftyTwo;

/// <summary>
/// ksmd, paced by the governor and held by the guard, as <c>samepage serve</c> does it, in a thread of this process. QEMU
/// advises the guests' memory by itself. The budget is that of a host that fills quickly.
/// </summary>
/// <param name="proc">Where processes are looked up.</param>
/// <param name="ksm">ksmd's settings and counters.</param>
/// <param name="stateDirectory">Where the settings found are kept meanwhile.</param>
/// <param name="providedSwapBytes">Swap that the scenario has made ready.</param>
/// <param name="coverageFloor">Below this coverage merging may not grow.</param>
internal sealed class GovernedMerging(
    ProcFs proc, KsmSysfs ksm, string stateDirectory, Func<long> providedSwapBytes, double coverageFloor) : IGuestMerging
{
    private static readonly TimeSpan s_letGoPatience = TimeSpan.FromSeconds(60);

    /// <summary>
    /// All of a core but a little, because guests that came up unmerged would have to be swapped out. Processors are busy
    /// all the time while guests boot: that is no reason to wait here.
    /// </summary>
    private static readonly GovernorOptions s_governor = new()
    {
        BudgetShare = 0.95,
        BudgetWindow = TimeSpan.FromSeconds(20),
        BurstShare = 0.95,
        GentleShare = 0.95,
        CpuPressure = (101, 100.5),
        RepeatAfter = TimeSpan.FromSeconds(10),
        // There is always one more guest that has yet to fill its memory.
        SettleMax = TimeSpan.FromSeconds(2),
    };

    /// <summary>A floor of nothing at all could never be left again.</summary>
    private const double LeastFloor = 0.01;

    private readonly KsmdThread _ksmd = new(proc);
    private readonly CancellationTokenSource _stop = new();
    private readonly HashSet<string> _notes = [];
    private double _cpuBefore;
    private KernelScan? _scan;
    private Thread? _thread;

    public IReadOnlyDictionary<string, string> Environment { get; } = new Dictionary<string, string>();

    public double CpuSeconds => _thread is null ? 0 : (_ksmd.CpuSeconds ?? _cpuBefore) - _cpuBefore;

    public IReadOnlyList<DomainReport> Domains => [];

    public IReadOnlyList<string> Notes
    {
        get
        {
            lock (_notes)
            {
                return [.. _notes];
            }
        }
    }

    /// <exception cref="SettingsHeldException">Another process paces ksmd.</exception>
    public void Begin()
    {
        _scan = KernelScan.Take(ksm, stateDirectory, proc);
        _scan.UsesZeroPage = true;
        _cpuBefore = _ksmd.CpuSeconds ?? 0;
        _thread = new Thread(Govern) { IsBackground = true, Name = "governor" };
        _thread.Start();
    }

    /// <summary>The guests have ended by now: ksmd first drops what it knew of them, and then is as it was found.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        _thread?.Join();
        if (_scan is not null)
        {
            _scan.Apply(new ScanOrder(true, MergeTrial.PagesToScan, MergeTrial.SleepMilliseconds, PassesOver: true));
            new MergeTrial(proc, ksm).LetGo(s_letGoPatience);
            _scan.Dispose();
            _scan = null;
        }

        _stop.Dispose();
    }

    private void Govern()
    {
        try
        {
            var floor = Math.Max(coverageFloor, LeastFloor);
            var policy = new GuardPolicy { Host = new CoverageFloors { Floor = floor, Warning = floor } };
            var guard = new Guard(policy.ToOptions);
            var guardSampler = new GuardSampler(proc, ksm, TimeProvider.System);
            var sampler = new HostSampler(proc, ksm, new KsmdThread(proc), TimeProvider.System);
            HostSample Sample()
            {
                var verdict = guard.Decide(guardSampler.Take([], providedSwapBytes()));
                foreach (var action in verdict.Actions)
                {
                    Note($"Guard: {action.Kind} in {action.Scope}, {action.Reason}.");
                }

                return sampler.Take(null, verdict.IsGrowthHeld);
            }

            new GovernorLoop(Sample, new Governor(s_governor), _scan!).Run(
                (_, notes) =>
                {
                    foreach (var note in notes)
                    {
                        Note($"Governor: {note}.");
                    }
                }, _stop.Token);
        }
        catch (LinuxException failure)
        {
            Note($"The governor ended early: {failure.Message}.");
        }
    }

    private void Note(string what)
    {
        lock (_notes)
        {
            // Figures differ each time; a reader needs a few of them.
            if (_notes.Count < 20)
            {
                _notes.Add(what);
            }
        }
    }
}
