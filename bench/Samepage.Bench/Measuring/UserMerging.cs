using Samepage.Linux;
using Samepage.Linux.Proc;
using Samepage.Scenarios.Users;

namespace Samepage.Bench.Measuring;

/// <summary>
/// The user engine in a domain of its own. Its CPU time is what the kernel has counted for the engine's thread of each
/// member, for the keeper, and for children that members forked to find pins; the engine's own account stands beside it.
/// </summary>
internal sealed class UserMerging : IMerging
{
    private readonly UserDomain _domain;
    private readonly string _executable;
    private IReadOnlyList<int> _pids = [];
    private (int Pid, int Thread)[] _threads = [];
    private (long Anonymous, long Shared, double Threads, double Children) _before;

    public UserMerging(string purpose, bool isEager, bool offersAll = false)
    {
        _executable = Machine.SamepageBinary;
        var files = UserEngineFiles.Find(Path.GetDirectoryName(_executable)!, out var missing)
            ?? throw new InvalidOperationException("no user engine here; missing: " + string.Join(", ", missing));
        _domain = new UserDomain(files, FormattableString.Invariant($"bench-{purpose}-{System.Environment.ProcessId}"));
        Environment = _domain.Environment(offersAll, isEager);
    }

    public string Name => "user";

    /// <summary>The domain's name.</summary>
    public string Domain => _domain.Name;

    public IReadOnlyDictionary<string, string> Environment { get; }

    public double CpuSeconds => ThreadSeconds - _before.Threads + KeeperSeconds + ChildSeconds - _before.Children;

    /// <summary>Anonymous pages gone, less all frames of segments, which count as shared memory of the host.</summary>
    public long SavedPages => _before.Anonymous - FleetMemory.Read(_pids).AnonymousPages
        - ((HostMemory.Read().SharedBytes - _before.Shared) / 4096);

    public double Passes => Members().Select(member => (double)member.Counters.PassesTotal).DefaultIfEmpty(0).Min();

    /// <summary>One look notes, the next merges what somebody else has promoted meanwhile.</summary>
    public double QuietPasses => 2;

    public EngineAccount Account
    {
        get
        {
            var domain = DomainStatus.Read(_executable, Domain);
            var reports = domain?.Members ?? [];
            IReadOnlyList<MemberFigures> members = [.. reports.Select(member => member.Counters)];
            long Sum(Func<MemberFigures, long> of) => members.Sum(of);
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
        _before = (FleetMemory.Read(pids).AnonymousPages, HostMemory.Read().SharedBytes, ThreadSeconds, ChildSeconds);
        _domain.StartKeeper();
    }

    private IReadOnlyList<DomainMember> Members() => DomainStatus.Read(_executable, Domain)?.Members ?? [];

    public void Dispose() => _domain.Dispose();

    private double ThreadSeconds => _threads.Sum(pair => CpuTime.OfThread(pair.Pid, pair.Thread));

    private double KeeperSeconds => CpuTime.OfProcess(_domain.KeeperPid);

    private double ChildSeconds => _pids.Sum(CpuTime.OfReapedChildren);

    /// <summary>The gate starts the thread at the first advice, before the program goes on.</summary>
    private void FindThreads() => _threads =
    [
        .. _pids.Select(pid => (pid, CpuTime.EngineThread(pid)
            ?? throw new InvalidOperationException($"process {pid} has no engine: is the library preloaded, and memory offered?"))),
    ];

    private static long ResidentBytes(int pid) =>
        KeyedText.Parse(KernelFile.TryReadText($"/proc/{pid}/smaps_rollup") ?? "").Bytes("Pss") ?? 0;
}
