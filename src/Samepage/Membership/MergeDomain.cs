using System.Text;
using Samepage.Linux;
using Samepage.Membership;
using Samepage.Merging.User.Protocol;

namespace Samepage;

/// <summary>
/// This process's membership in a domain: pages of <see cref="MergeableMemory"/> that are equal among the domain's
/// members are kept once, copy-on-write. A process is a member of one domain at most. All members may be called from any
/// thread at any time; none runs merging on the caller's thread.
/// </summary>
/// <remarks>
/// The engine has a runtime of its own, in libsamepage-engine.so beside libsamepage.so; the latter is looked for beside
/// the program, then where the variable SAMEPAGE_LIBRARY says, then where the system keeps libraries.
/// </remarks>
#pragma warning disable CA1822 // The process has one membership, held by one native library; to callers it is this object's.
public sealed unsafe class MergeDomain : IDisposable
{
    private const int ReasonBytes = 256;
    private readonly MergeTicker _ticker;
    private MergeLimits _limits;
    private int _hasLeft;

    private MergeDomain(string name, MergeDomainOptions options)
    {
        (Name, _limits) = (name, options.Limits);
        _ticker = new MergeTicker(this, options.UpdateInterval);
    }

    /// <summary>
    /// The state has changed. Raised on a thread of the pool, at most once an interval, and only while somebody listens.
    /// </summary>
    public event EventHandler<MergeStatistics>? StateChanged
    {
        add => _ticker.AddState(value);
        remove => _ticker.RemoveState(value);
    }

    /// <summary>Raised on a thread of the pool, once an interval, and only while somebody listens.</summary>
    public event EventHandler<MergeStatistics>? StatisticsUpdated
    {
        add => _ticker.AddStatistics(value);
        remove => _ticker.RemoveStatistics(value);
    }

    /// <summary>The domain's name.</summary>
    public string Name { get; }

    /// <summary>What this process is to its domain.</summary>
    public MergeState State => Statistics.State;

    /// <summary>Why merging stopped or waits; empty where nothing is wrong.</summary>
    public string Reason
    {
        get
        {
            var text = stackalloc byte[ReasonBytes];
            var length = SamepageLibrary.Check(SamepageLibrary.samepage_reason_text(text, ReasonBytes));
            return Encoding.UTF8.GetString(text, (int)length);
        }
    }

    /// <summary>What the engine may use.</summary>
    /// <exception cref="LinuxException">A limit is out of its range (EINVAL), or the process has left.</exception>
    public MergeLimits Limits
    {
        get => Volatile.Read(ref _limits);
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            var native = value.Native;
            _ = SamepageLibrary.Check(SamepageLibrary.samepage_limits_set(&native));
            Volatile.Write(ref _limits, value);
        }
    }

    /// <summary>Counters of this process, all of one moment.</summary>
    public MergeStatistics Statistics
    {
        get
        {
            var counters = new MemberCounters { Size = (uint)sizeof(MemberCounters) };
            _ = SamepageLibrary.Check(SamepageLibrary.samepage_statistics_read(&counters));
            return new MergeStatistics(counters);
        }
    }

    /// <summary>
    /// How long memory was held back: element i counts windows of less than 2^i microseconds and at least half of that;
    /// the last, longer ones.
    /// </summary>
    public IReadOnlyList<long> Stalls
    {
        get
        {
            var buckets = new ulong[ReportBody.StallBuckets];
            fixed (ulong* first = buckets)
            {
                _ = SamepageLibrary.Check(SamepageLibrary.samepage_stalls_read(first));
            }

            return Array.ConvertAll(buckets, count => (long)count);
        }
    }

    /// <summary>
    /// Joins a domain. The engine connects to the domain's keeper in the background, and starts one where none runs.
    /// </summary>
    /// <param name="name">Up to 47 of A-Z, a-z, 0-9, '.', '_' and '-', the first of which is no '.'.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <exception cref="LinuxException">EALREADY: the process has joined one; EINVAL: a bad name or limit; ENOSYS: the
    /// kernel lacks userfaultfd's MOVE; EPERM: mlockall(MCL_FUTURE) is in force; ECHILD: a forked child of a member.</exception>
    /// <exception cref="DllNotFoundException">libsamepage.so was not found.</exception>
    public static MergeDomain Join(string name, MergeDomainOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        options ??= new MergeDomainOptions();
        fixed (byte* domain = Encoding.UTF8.GetBytes(name + '\0'))
        fixed (byte* keeper = options.KeeperPath is { } path ? Encoding.UTF8.GetBytes(path + '\0') : null)
        {
            var native = new SamepageLibrary.JoinOptions
            {
                Size = (uint)sizeof(SamepageLibrary.JoinOptions),
                Domain = domain,
                Keeper = keeper,
                Limits = options.Limits.Native,
            };
            _ = SamepageLibrary.Check(SamepageLibrary.samepage_domain_join(&native));
        }

        return new MergeDomain(name, options);
    }

    /// <summary>Looks at everything advised, at once and at full speed. Blocks the calling thread meanwhile.</summary>
    /// <param name="timeout">How long at most; less than 49 days.</param>
    /// <returns>Pages merged by it.</returns>
    /// <exception cref="TimeoutException">It could not be done in time, or no keeper can be reached.</exception>
    /// <exception cref="LinuxException">The process has left.</exception>
    public long Scan(TimeSpan timeout)
    {
        var result = SamepageLibrary.samepage_scan(checked((uint)timeout.TotalMilliseconds));
        return result == -(long)Errno.ETIMEDOUT
            ? throw new TimeoutException("the engine did not get through the memory in time")
            : SamepageLibrary.Check(result, nameof(SamepageLibrary.samepage_scan));
    }

    /// <summary>Makes every page private again and stops merging. Another domain can be joined then.</summary>
    /// <exception cref="LinuxException">
    /// EAGAIN: memory would not suffice, and all is as before. EBUSY: pages have to stay on segments for now, as they are in
    /// use for I/O, or may be, or no mapping is left; this process is a member still.
    /// </exception>
    public void Leave()
    {
        if (Volatile.Read(ref _hasLeft) == 0)
        {
            _ = SamepageLibrary.Check(SamepageLibrary.samepage_domain_leave());
            Volatile.Write(ref _hasLeft, 1);
            _ticker.Dispose();
        }
    }

    /// <summary>Leaves; where <see cref="Leave"/> would be refused, merging goes on.</summary>
    public void Dispose()
    {
        if (Volatile.Read(ref _hasLeft) == 0 && SamepageLibrary.samepage_domain_leave() == 0)
        {
            Volatile.Write(ref _hasLeft, 1);
        }

        _ticker.Dispose();
    }
}
