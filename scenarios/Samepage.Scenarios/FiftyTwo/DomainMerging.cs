using System.Diagnostics;
using Samepage.Merging.User.Keeping;
using Samepage.Scenarios.Users;

namespace Samepage.Scenarios.FiftyTwo;

/// <summary>The user engine, in a domain of the scenario's own. QEMU advises the guests' memory by itself.</summary>
internal sealed class DomainMerging : IGuestMerging
{
    private static readonly TimeSpan s_askEvery = TimeSpan.FromSeconds(1);

    private readonly UserDomain _domain;
    private readonly Lock _gate = new();
    private IReadOnlyList<DomainReport> _domains = [];
    private long _askedAt;
    private double _cpuSeconds;
    private bool _isBegun;

    public DomainMerging(UserEngineFiles files, string name)
    {
        _domain = new UserDomain(files, name);
        Environment = _domain.Environment(offersAll: false);
    }

    public IReadOnlyDictionary<string, string> Environment { get; }

    public double CpuSeconds => Ask().Cpu;

    public IReadOnlyList<DomainReport> Domains => Ask().Domains;

    /// <summary>Why members do not merge (all that) they could, in their own words.</summary>
    public IReadOnlyList<string> Notes => [.. Domains.SelectMany(domain => domain.Members)
        .Where(member => member.Reason.Length > 0).GroupBy(member => member.Reason)
        .Select(group => $"{group.Count()} members say: {group.Key}.")];

    public void Begin()
    {
        _domain.StartKeeper();
        _isBegun = true;
    }

    public void Dispose() => _domain.Dispose();

    /// <summary>The last answer stands where the keeper does not give another. A member that ends takes its time with it, so the sum only grows.</summary>
    private (IReadOnlyList<DomainReport> Domains, double Cpu) Ask()
    {
        lock (_gate)
        {
            if (_isBegun && (_askedAt == 0 || Stopwatch.GetElapsedTime(_askedAt) > s_askEvery))
            {
                _askedAt = Stopwatch.GetTimestamp();
                if (_domain.Ask() is { } report)
                {
                    _domains = [report];
                    _cpuSeconds = Math.Max(_cpuSeconds, report.CpuSeconds + report.Members.Sum(member => member.Counters.CpuNanosecondsTotal * 1e-9));
                }
            }

            return (_domains, _cpuSeconds);
        }
    }
}
