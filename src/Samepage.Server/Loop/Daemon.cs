using System.Reflection;
using Samepage.Governing;
using Samepage.Guarding;
using Samepage.Linux;
using Samepage.Linux.Proc;
using Samepage.Merging.User.Keeping;
using Samepage.Policies;
using Samepage.Server.Guarding;
using Samepage.Server.Rules;

namespace Samepage.Server.Loop;

/// <summary>
/// Runs governor, guard and rules on a host. Each turn looks at the host; the guard decides and acts first, because it has
/// the last word on growth; then the governor, then the rules; then it publishes where it stands. What fails is told, and
/// the next turn tries again. Turns are made by one thread; <see cref="Status"/>, <see cref="RuleOf"/> and
/// <see cref="AskReload"/> may be called from any.
/// </summary>
public sealed partial class Daemon : IDisposable
{
    private static readonly TimeSpan s_rulesEvery = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_domainsEvery = TimeSpan.FromSeconds(5);

    /// <summary>How long it may look away: nothing is merged or all is far from every floor, all is calm, or not.</summary>
    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(2), s_calm = TimeSpan.FromSeconds(1), s_tense = TimeSpan.FromMilliseconds(500);

    private readonly DaemonOptions _options;
    private readonly DecisionLog _log;
    private readonly HostSampler _sampler;
    private readonly GuardSampler _guardSampler;
    private readonly RuleKeeper _rules;
    private readonly GuardHands _hands;
    private readonly IKernelScan? _scan;
    private readonly DateTimeOffset _startedAt;
    private readonly long _start;
    private Policy _policy = Policy.Default;
    private Governor _governor = new(new GovernorOptions());
    private Guard _guard = new(new GuardOptions());
    private GovernorDecision? _decision;
    private GovernorMode? _toldMode;
    private IReadOnlyList<DomainReport> _domains = [];
    private TimeSpan? _rulesAt, _domainsAt;
    private long _turns;

    /// <summary>Takes hold of the host's settings, mends what a crash has left, and reads the policy. Nothing is changed yet.</summary>
    /// <exception cref="SettingsHeldException">Another process holds ksmd's settings.</exception>
    /// <exception cref="Samepage.Guarding.Swapping.SwapHeldException">Another process provides swap from the same state directory.</exception>
    /// <exception cref="PolicyException">The policy cannot be followed.</exception>
    /// <exception cref="LinuxException">The caller may not change settings.</exception>
    public Daemon(DaemonOptions options, DecisionLog log)
    {
        (_options, _log) = (options, log);
        var (proc, ksm, groups) = options.Roots;
        static void AtOnce(Action work) => work();
        _sampler = new HostSampler(proc, ksm, new KsmdThread(options.Roots.HostProc), options.Clock);
        _guardSampler = new GuardSampler(proc, ksm, options.Clock, groups);
        (_startedAt, _start) = (options.Clock.GetUtcNow(), options.Clock.GetTimestamp());
        _hands = new GuardHands(log, options.Clock, options.PostGuard ?? AtOnce, options.IsDryRun, options.Push ?? ((_, _) => (0, 0)));
        var policy = options.ReadPolicy();
        var ours = new SwitchedOn(options.IsDryRun ? null : options.StateDirectory, proc);
        ours.Load();
        _rules = new RuleKeeper(proc, options.Users, options.IsDryRun ? null : options.Switch, ours, log, options.PostRules ?? AtOnce);
        _scan = Take();
        try
        {
            Follow(policy);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Where it stands since the last turn; null before the first.</summary>
    public DaemonStatus? Status { get; private set; }

    /// <summary>The policy that it follows.</summary>
    public Policy Policy => _policy;

    /// <summary>Its version.</summary>
    public static string Version { get; } = typeof(Daemon).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "?";

    /// <summary>The rule that a process falls under, as of the last look; null where none.</summary>
    public string? RuleOf(int pid) => _ruleNames.GetValueOrDefault(pid);

    /// <summary>The names of the rules that processes fall under, as of the last look, by process number.</summary>
    public IReadOnlyDictionary<int, string> RuleNames => _ruleNames;

    /// <summary>Makes one turn.</summary>
    /// <returns>When to make the next, at the latest.</returns>
    public TimeSpan Turn()
    {
        var now = _options.Clock.GetElapsedTime(_start);
        _turns++;
        ReloadIfAsked();
        try
        {
            return Turn(now);
        }
        catch (Exception failed) when (failed is LinuxException or IOException or UnauthorizedAccessException or FormatException)
        {
            _log.Trouble("daemon", "this turn came to nothing", failed.Message);
            return s_idle;
        }
    }

    /// <summary>Puts settings back. What is merged stays merged, swap that is on stays on.</summary>
    /// <exception cref="LinuxException">The kernel refused a value; the record stays for the next start.</exception>
    public void Dispose()
    {
        _hands.Dispose();
        (_scan as IDisposable)?.Dispose();
    }

    private static string Words(GovernorMode mode) => mode switch
    {
        GovernorMode.Resting => "rests",
        GovernorMode.Converged => "has converged",
        GovernorMode.Working => "works",
        GovernorMode.Hurrying => "hurries",
        GovernorMode.Waiting => "waits",
        GovernorMode.Spent => "has spent its budget",
        _ => "is held by the guard",
    };

    private IKernelScan? Take()
    {
        if (!_options.Roots.Ksm.Exists)
        {
            _log.Tell(LogLevel.Warning, "daemon", "host", "this kernel has no KSM", $"{_options.Roots.Ksm.Root} is missing; the guard works all the same");
            return null;
        }

        if (_options.IsDryRun)
        {
            return new DryScan();
        }

        foreach (var setting in SavedSettings.RestoreLeftBehind(_options.Roots.Ksm, _options.StateDirectory, _options.Roots.Proc))
        {
            _log.Tell(LogLevel.Notice, "daemon", "host", $"put back {setting}", "a samepage that was killed had left it changed");
        }

        return KernelScan.Take(_options.Roots.Ksm, _options.StateDirectory, _options.Roots.Proc);
    }

    private TimeSpan Turn(TimeSpan now)
    {
        if (_options.AskDomains is { } ask && (_domainsAt is not { } asked || now - asked >= s_domainsEvery))
        {
            (_domains, _domainsAt) = (ask(), now);
        }

        var seen = _guardSampler.Take(_domains, _hands.ProvidedSwapBytes);
        var verdict = _guard.Decide(seen);
        foreach (var action in verdict.Actions)
        {
            _hands.Carry(action, _policy.Guard.WarningCommand, () => _rules.LowPriority(action.Scope == seen.Scopes[0].Name ? null : action.Scope));
        }

        var sample = _sampler.Take(null, verdict.IsGrowthHeld);
        sample = sample with
        {
            PromiseBytes = _options.Promise?.Invoke(sample.SavedBytes),
            IsPromisePartial = true,
            DaemonCpuNanoseconds = _options.OwnCpu is { } own ? (long)own().TotalNanoseconds : null,
        };
        try
        {
            Govern(sample);
        }
        catch (Exception failed) when (failed is LinuxException or IOException or UnauthorizedAccessException)
        {
            // What goes on is shown, and the rules hold, also where ksmd's settings cannot be put on record.
            _log.Trouble("governor", "what it ordered could not be done", failed.Message);
        }

        Publish(sample, verdict);
        KeepRules(now, sample, verdict);
        var look = seen.Scopes.All(scope => IsBetterThan(scope, 4)) ? s_idle : seen.Scopes.All(scope => IsBetterThan(scope, 2)) ? s_calm : s_tense;
        return _decision is { } decision && decision.NextLook < look ? decision.NextLook : look;
    }

    /// <summary>Without exposure coverage has no bounds, and pressure is none of the guard's business.</summary>
    private static bool IsBetterThan(GuardScope scope, double coverage) =>
        scope.ExposureBytes == 0 || (scope.Coverage >= coverage && scope.Pressure < 4);

    private void Govern(HostSample sample)
    {
        if (_scan is null)
        {
            return;
        }

        var decision = _governor.Decide(sample);
        if (decision.IsChanged || decision.Mode != _toldMode)
        {
            _toldMode = decision.Mode;
            var order = $"{Words(decision.Mode)}, {(_options.IsDryRun ? "would order: " : "")}{OrderWords.Of(decision.Order)}";
            _log.Tell(LogLevel.Info, "governor", "host", order, decision.Reason);
        }

        _decision = decision;
        foreach (var note in _scan.Apply(decision.Order))
        {
            _log.Tell(LogLevel.Warning, "governor", "host", note, "");
        }
    }

    private void KeepRules(TimeSpan now, HostSample sample, GuardVerdict verdict)
    {
        if (_rulesAt is { } looked && now - looked < s_rulesEvery)
        {
            return;
        }

        _rulesAt = now;
        var held = verdict.States.Where(state => !state.Scope.IsHost && state.IsGrowthHeld).Select(state => state.Scope.Name).ToHashSet();
        _rules.Look(now, sample.FullScans, _decision?.Mode is GovernorMode.Converged or GovernorMode.Resting, verdict.IsGrowthHeld, held);
        _ruleNames = _rules.Names();
    }

    private void Publish(HostSample sample, GuardVerdict verdict)
    {
        var self = Environment.ProcessId;
        var own = new ProcFs();
        Status = new DaemonStatus(
            DaemonStatus.SchemaName, self, Version, _startedAt, _options.Clock.GetUtcNow(), _options.IsDryRun,
            new PolicyPart(_policy.Sources, _policy.Rules.Count, _loadedAt, _policy.Governor.CpuBudgetPercent, _refusedReason), GovernorPart.Of(_scan is null ? null : _decision, (_scan as KernelScan)?.LeftAlone ?? []),
            new GuardPart(verdict.IsGrowthHeld, verdict.IsAdmissionRefused, _hands.ProvidedSwapBytes, [.. verdict.States.Select(ScopePart.Of)], _hands.Orders()),
            HostFigures.Of(sample), new RulesPart(_rules.MatchedCount, _rules.SwitchedOnCount),
            new SelfPart(
                ProcessStat.TryRead(own, self)?.CpuSeconds ?? 0, ProcessStatus.TryRead(own, self)?.ResidentBytes ?? 0, _turns, _log.Total, _reloads, _refusedReloads));
    }
}
