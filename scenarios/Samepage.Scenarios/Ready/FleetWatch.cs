using System.Diagnostics;
using Samepage.Linux;
using Samepage.Linux.Proc;
using Samepage.Scenarios.Running;

namespace Samepage.Scenarios.Ready;

/// <summary>
/// Looks at the programs of a scenario once a second, from a thread of its own, and tells a view what it sees. It knows
/// programs by the processes that they had when they came up.
/// </summary>
internal sealed class FleetWatch : IDisposable
{
    private static readonly TimeSpan s_every = TimeSpan.FromSeconds(1);

    private readonly long _begin = Stopwatch.GetTimestamp();
    private readonly ProcFs _proc;
    private readonly IScenarioView _view;
    private readonly long _programBytes;
    private readonly ManualResetEventSlim _end = new();
    private readonly Thread _thread;

    /// <summary>Guards all below.</summary>
    private readonly Lock _lock = new();
    private readonly List<IReadOnlyList<int>> _programs = [];
    private readonly List<ScenarioMoment> _series = [];
    private long _savedPages;
    private double _engineCpuSeconds;

    /// <summary>Begins to watch.</summary>
    /// <param name="proc">Where processes are looked up.</param>
    /// <param name="view">Told what is seen.</param>
    /// <param name="programBytes">Memory given to each program; 0 where nobody gave them a size.</param>
    public FleetWatch(ProcFs proc, IScenarioView view, long programBytes)
    {
        (_proc, _view, _programBytes) = (proc, view, programBytes);
        _thread = new Thread(Watch) { IsBackground = true, Name = "fleet watch" };
        _thread.Start();
    }

    /// <summary>What was seen so far.</summary>
    public IReadOnlyList<ScenarioMoment> Series
    {
        get
        {
            lock (_lock)
            {
                return [.. _series];
            }
        }
    }

    /// <summary>The most that the programs occupied at any look, less what was merged.</summary>
    public long PeakBytes => Series.Select(moment => moment.UsedBytes).DefaultIfEmpty(0).Max();

    /// <summary>Seconds since it began.</summary>
    public double Seconds => Stopwatch.GetElapsedTime(_begin).TotalSeconds;

    /// <summary>A program is up. From any thread.</summary>
    public void Add(ScenarioProgram program)
    {
        var pids = program.Pids;
        lock (_lock)
        {
            _programs.Add(pids);
        }
    }

    /// <summary>How merging stands. From any thread.</summary>
    public void Note(long savedPages, double engineCpuSeconds)
    {
        lock (_lock)
        {
            (_savedPages, _engineCpuSeconds) = (savedPages, engineCpuSeconds);
        }
    }

    /// <summary>Ends the watch.</summary>
    public void Dispose()
    {
        _end.Set();
        _thread.Join();
        _end.Dispose();
    }

    private void Watch()
    {
        while (!_end.Wait(s_every))
        {
            try
            {
                var moment = Look();
                lock (_lock)
                {
                    _series.Add(moment);
                }

                _view.Show(moment);
            }
            catch (LinuxException)
            {
                // A look that failed is no reason to end a scenario: the next may do better.
            }
        }
    }

    private ScenarioMoment Look()
    {
        List<IReadOnlyList<int>> programs;
        long saved;
        double cpu;
        lock (_lock)
        {
            (programs, saved, cpu) = ([.. _programs], _savedPages * 4096, _engineCpuSeconds);
        }

        var living = programs.Where(pids => ProcessStat.TryRead(_proc, pids[0]) is { } stat && !stat.HasEnded(_proc)).ToList();
        var pids = living.SelectMany(pids => pids).ToList();
        var held = pids.Sum(pid => KeyedText.Parse(_proc.TryRead(pid, "status") ?? "").Bytes("RssAnon") ?? 0);
        var memory = MemInfo.Read(_proc);
        return new ScenarioMoment(Seconds, living.Count)
        {
            ProgramBytes = _programBytes > 0 ? living.Count * _programBytes : held,
            UsedBytes = Math.Max(0, held - saved),
            HostUsedBytes = memory.TotalBytes - memory.AvailableBytes,
            SavedBytes = saved,
            EngineCpuSeconds = cpu,
            ProgramCpuSeconds = pids.Sum(pid => ProcessStat.TryRead(_proc, pid)?.CpuSeconds ?? 0),
        };
    }
}
