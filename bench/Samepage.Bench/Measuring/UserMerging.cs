using System.Diagnostics;
using Samepage.Linux;
using Samepage.Linux.Proc;
using Samepage.Merging.User.Keeping;
using Samepage.Scenarios.Users;

namespace Samepage.Bench.Measuring;

/// <summary>
/// The user engine in a domain of its own. Its CPU time is what the kernel has counted for the engine's thread of each
/// member, for the keeper, and for children that members forked to find pins; the engine's own account stands beside it.
/// </summary>
internal sealed class UserMerging : IPausableMerging
{
    private readonly UserDomain _domain;
    private IReadOnlyList<int> _pids = [];
    private long _segmentPages;
    private long _segmentsAsked;
    private (int Pid, int Thread)[] _threads = [];
    private StoppedThreads? _paused;
    private (long Anonymous, double Threads, double Children) _before;

    public UserMerging(string purpose, bool isEager, bool offersAll = false)
    {
        var files = UserEngineFiles.Find(Path.GetDirectoryName(Machine.SamepageBinary)!, out var missing)
            ?? throw new InvalidOperationException("no user engine here; missing: " + string.Join(", ", missing));
        _domain = new UserDomain(files, FormattableString.Invariant($"bench-{purpose}-{System.Environment.ProcessId}"));
        Environment = _domain.Environment(offersAll, isEager);
    }

    public string Name => "user";

    /// <summary>The domain's name.</summary>
    public string Domain => _domain.Name;

    public IReadOnlyDictionary<string, string> Environment { get; }

    public double CpuSeconds => ThreadSeconds - _before.Threads + KeeperSeconds + ChildSeconds - _before.Children;

    /// <summary>
    /// Anonymous pages gone, less the frames of all segments. The keeper is asked for those a few times a second only:
    /// its answer is CPU time, too.
    /// </summary>
    public long SavedPages => _before.Anonymous - FleetMemory.Read(_pids).AnonymousPages - SegmentPages;

    public double Passes => Members().Select(member => (double)member.Counters.PassesTotal).DefaultIfEmpty(0).Min();

    /// <summary>One look notes, the next merges what somebody else has promoted meanwhile.</summary>
    public double QuietPasses => 2;

    /// <summary>A chunk is looked at for the second time four seconds after the first, for the third after eight more.</summary>
    public TimeSpan QuietTime => TimeSpan.FromSeconds(9);

    public EngineAccount Account
    {
        get
        {
            var domain = DomainStatus.Read(Domain);
            var reports = domain?.Members ?? [];
            IReadOnlyList<MemberFigures> members = [.. reports.Select(member => member.Counters)];
            long Sum(Func<MemberFigures, ulong> of) => (long)members.Sum(member => (decimal)of(member));
            var stalls = StallHistogram.Sum(reports.Select(member => member.StallsByPowerOfTwoMicroseconds));
            return new EngineAccount
            {
                MergedPages = Sum(m => m.MergedPages),
                ZeroPages = Sum(m => m.ZeroPagesTotal),
                Segments = domain?.Segments.Count ?? 0,
                SegmentBytes = domain?.Segments.Bytes ?? 0,
                Mappings = Sum(m => m.Mappings),
                BrokenPages = Sum(m => m.BrokenPages),
                CowBreaks = Sum(m => m.CowBreaksTotal),
                ReturnedPages = Sum(m => m.ReturnedPagesTotal),
                DifferedPages = Sum(m => m.DifferedPagesTotal),
                PinnedPages = Sum(m => m.PinnedPagesTotal),
                PromotedPages = Sum(m => m.PromotedPagesTotal),
                ScannedPages = Sum(m => m.ScannedPagesTotal),
                MetadataBytes = Sum(m => m.MetadataBytes),
                ReportedCpuSeconds = Sum(m => m.CpuNanosecondsTotal) * 1e-9,
                EngineThreadCpuSeconds = ThreadSeconds - _before.Threads,
                KeeperCpuSeconds = KeeperSeconds,
                ChildrenCpuSeconds = ChildSeconds - _before.Children,
                KeeperResidentBytes = ResidentBytes(_domain.KeeperPid),
                StallMaxMicroseconds = members.Select(m => m.WindowNanosecondsMax / 1000.0).DefaultIfEmpty(0).Max(),
                StallMicroseconds999 = StallHistogram.Percentile(stalls, 99.9),
                Stalls = stalls,
                Reasons = [.. reports.Select(m => m.Reason).Where(reason => reason.Length > 0).Distinct()],
            };
        }
    }

    public void Begin(IReadOnlyList<int> pids)
    {
        _pids = pids;
        FindThreads();
        _before = (FleetMemory.Read(pids).AnonymousPages, ThreadSeconds, ChildSeconds);
        _domain.StartKeeper();
    }

    /// <summary>Only the threads of the engine: the keeper does nothing that it is not asked for.</summary>
    public void Pause() => _paused ??= new StoppedThreads(_threads);

    public void Resume()
    {
        _paused?.Dispose();
        _paused = null;
    }

    private IReadOnlyList<MemberReport> Members() => DomainStatus.Read(Domain)?.Members ?? [];

    public void Dispose()
    {
        Resume();
        _domain.Dispose();
    }

    private long SegmentPages
    {
        get
        {
            if (Stopwatch.GetElapsedTime(_segmentsAsked) > TimeSpan.FromMilliseconds(250))
            {
                _segmentPages = DomainStatus.Read(Domain)?.Segments.Pages ?? 0;
                _segmentsAsked = Stopwatch.GetTimestamp();
            }

            return _segmentPages;
        }
    }

    private double ThreadSeconds => _threads.Sum(pair => CpuTime.OfThread(pair.Pid, pair.Thread));

    private double KeeperSeconds => CpuTime.OfProcess(_domain.KeeperPid);

    private double ChildSeconds => _pids.Sum(CpuTime.OfReapedChildren);

    /// <summary>The gate starts the thread at the first advice; its name it gives itself.</summary>
    private void FindThreads() => _threads =
    [
        .. _pids.Select(pid =>
        {
            var thread = CpuTime.EngineThread(pid);
            for (var begin = Stopwatch.GetTimestamp(); thread is null && Stopwatch.GetElapsedTime(begin) < TimeSpan.FromSeconds(5);)
            {
                Thread.Sleep(10);
                thread = CpuTime.EngineThread(pid);
            }

            return (pid, thread ?? throw new InvalidOperationException($"process {pid} has no engine: is the library preloaded, and memory offered?"));
        }),
    ];

    /// <summary>Without its program's text, which comes and goes with the page cache.</summary>
    private static long ResidentBytes(int pid) =>
        KeyedText.Parse(KernelFile.TryReadText($"/proc/{pid}/smaps_rollup") ?? "") is var text
            ? (text.Bytes("Pss_Anon") ?? 0) + (text.Bytes("Pss_Shmem") ?? 0)
            : 0;
}
