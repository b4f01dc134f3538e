using System.Diagnostics;
using Samepage.Guarding;
using Samepage.Linux;
using Samepage.Linux.Proc;
using Samepage.Scenarios.Guests.Desktop;
using Samepage.Scenarios.Limits;
using Samepage.Scenarios.Running;

namespace Samepage.Scenarios.FiftyTwo;

/// <summary>A guest that has come up.</summary>
/// <param name="Guest">The guest.</param>
/// <param name="Pid">Its process.</param>
/// <param name="Range">Where its memory lies there.</param>
internal sealed record WatchedGuest(DesktopGuest Guest, int Pid, (ulong Start, ulong End) Range)
{
    /// <summary>
    /// What of it has ever had something behind it, as far as seen: unmerged, as much would be needed. Written by whoever
    /// adds or counts, under the lock of counting.
    /// </summary>
    public long TouchedPages { get; set; }

    /// <summary>Pages in its range.</summary>
    public long Pages => (long)(Range.End - Range.Start) / 4096;
}

/// <summary>
/// Looks at the guests and their group once a second from a thread of its own, and keeps what it saw. Counting frames
/// costs time by the gigabyte, so that is done as often as a few percent of a processor allow.
/// </summary>
internal sealed class GuestWatch : IDisposable
{
    private const double CountingShare = 0.08;
    private static readonly TimeSpan s_every = TimeSpan.FromSeconds(1), s_countEvery = TimeSpan.FromSeconds(5);

    private readonly ProcFs _proc;
    private readonly MemoryGroup _group;
    private readonly IGuestMerging _merging;
    private readonly ScenarioRequest _request;
    private readonly IScenarioView _view;
    private readonly GuestFrames _frames;
    private readonly Stopwatch _clock;
    private readonly CancellationTokenSource _stop = new();
    private readonly Thread _thread;

    /// <summary>Both are locked by the list of guests.</summary>
    private readonly List<WatchedGuest> _guests = [];
    private readonly List<ScenarioMoment> _series = [];
    private readonly Lock _counting = new();

    private long _savedBytes;
    private int _counts;
    private TimeSpan _nextCount;

    public GuestWatch(ProcFs proc, MemoryGroup group, IGuestMerging merging, ScenarioRequest request, IScenarioView view, Stopwatch clock)
    {
        (_proc, _group, _merging, _request, _view, _clock) = (proc, group, merging, request, view, clock);
        _frames = new GuestFrames(proc);
        _thread = new Thread(Watch) { IsBackground = true, Name = "scenario watch" };
        _thread.Start();
    }

    /// <summary>Those that came up, also where they have ended since.</summary>
    public IReadOnlyList<WatchedGuest> Guests
    {
        get
        {
            lock (_guests)
            {
                return [.. _guests];
            }
        }
    }

    /// <summary>What was seen so far.</summary>
    public IReadOnlyList<ScenarioMoment> Series
    {
        get
        {
            lock (_guests)
            {
                return [.. _series];
            }
        }
    }

    /// <summary>What merging saved when frames were counted last.</summary>
    public long SavedBytes => Interlocked.Read(ref _savedBytes);

    /// <summary>How often that was.</summary>
    public int Counts => Volatile.Read(ref _counts);

    /// <summary>A guest has come up.</summary>
    /// <exception cref="LinuxException">It has ended already.</exception>
    public void Add(DesktopGuest guest)
    {
        var pid = guest.Pid;
        var range = _frames.Range(pid);
        var watched = new WatchedGuest(guest, pid, range) { TouchedPages = _frames.TouchedPages(pid, range) };
        lock (_guests)
        {
            _guests.Add(watched);
        }
    }

    /// <summary>
    /// Counts frames and contents of all that run: what is saved now, and what perfect merging would save. Without merging
    /// nothing is saved, though a kernel that is short of memory maps its zero page for parts of huge pages by itself.
    /// </summary>
    public (long SavedBytes, long OracleBytes) Judge(CancellationToken cancel)
    {
        var running = Guests.Where(guest => guest.Guest.IsRunning).ToList();
        lock (_counting)
        {
            if (Count(running, withContents: true, cancel) is not (var touched, var count))
            {
                return (SavedBytes, 0);
            }

            return (SavedBytes, Math.Max(0, touched - count.Contents) * 4096);
        }
    }

    /// <summary>
    /// What the user engine has given back had been touched as well, and nothing stands behind it now, or the zero page
    /// where the guest has read it since. Null, and nothing is noted, where a guest has ended meanwhile.
    /// </summary>
    private (long TouchedPages, FrameCount Count)? Count(List<WatchedGuest> running, bool withContents, CancellationToken cancel)
    {
        var zeroed = _merging.Domains.SelectMany(domain => domain.Members).GroupBy(member => member.Pid)
            .ToDictionary(group => group.Key, group => (long)group.Max(member => member.Counters.ZeroPagesTotal));
        var count = _frames.Look([.. running.Select(guest => (guest.Pid, guest.Range))], withContents, cancel);
        if (count.OwnPages.Count < running.Count || count.OwnPages.Contains(null))
        {
            return null;
        }

        foreach (var (guest, own) in running.Zip(count.OwnPages))
        {
            guest.TouchedPages = Math.Max(guest.TouchedPages, Math.Min(guest.Pages, own!.Value + zeroed.GetValueOrDefault(guest.Pid)));
        }

        var touched = running.Sum(guest => guest.TouchedPages);
        Interlocked.Exchange(ref _savedBytes, _request.Engine == ScenarioEngine.None ? 0 : Math.Max(0, touched - count.Frames) * 4096);
        Interlocked.Increment(ref _counts);
        return (touched, count);
    }

    /// <summary>Ends the watch; what it saw stays.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        _thread.Join();
        _stop.Dispose();
    }

    private void Watch()
    {
        do
        {
            try
            {
                var moment = Look();
                lock (_guests)
                {
                    _series.Add(moment);
                }

                _view.Show(moment);
            }
            catch (Exception gone) when (gone is LinuxException or IOException or ScenarioException)
            {
                // Something ended in the middle of the look; there is another one in a second.
            }
        }
        while (!_stop.Token.WaitHandle.WaitOne(s_every));
    }

    private ScenarioMoment Look()
    {
        var running = Guests.Where(guest => guest.Guest.IsRunning).ToList();
        CountIfDue(running);
        var memory = MemInfo.Read(_proc);
        var levels = ControlGroupCoverage.ReadLevels(_proc, _group.Group, memory.SwapFreeBytes, _merging.Domains);
        return new ScenarioMoment(_clock.Elapsed.TotalSeconds, running.Count)
        {
            ProgramBytes = running.Count * _request.ProgramBytes,
            UsedBytes = _group.UsedBytes,
            SwapBytes = _group.SwapBytes,
            HostUsedBytes = memory.TotalBytes - memory.AvailableBytes,
            SavedBytes = SavedBytes,
            Coverage = levels.Count > 0 ? levels[0].Coverage.Ratio : null,
            EngineCpuSeconds = _merging.CpuSeconds,
            ProgramCpuSeconds = _group.Group.Processes().Sum(pid => ProcessStat.TryRead(_proc, pid)?.CpuSeconds ?? 0),
        };
    }

    private void CountIfDue(List<WatchedGuest> running)
    {
        var begin = _clock.Elapsed;
        if (begin < _nextCount || running.Count == 0)
        {
            return;
        }

        lock (_counting)
        {
            _ = Count(running, withContents: false, _stop.Token);
        }

        var took = _clock.Elapsed - begin;
        _nextCount = _clock.Elapsed + (took / CountingShare > s_countEvery ? took / CountingShare : s_countEvery);
    }
}
