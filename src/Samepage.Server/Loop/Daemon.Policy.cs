using Samepage.Governing;
using Samepage.Guarding;
using Samepage.Guarding.Swapping;
using Samepage.Linux;
using Samepage.Policies;

namespace Samepage.Server.Loop;

/// <content>The policy, and what changes with it.</content>
public sealed partial class Daemon
{
    private readonly AutoResetEvent _woken = new(false);
    private IReadOnlyDictionary<int, string> _ruleNames = new Dictionary<int, string>();
    private DateTimeOffset _loadedAt;
    private string? _refusedReason;
    private long _reloads, _refusedReloads;
    private int _reloadAsked;
    private bool _isFollowing;

    /// <summary>Called before and after the policy is read anew.</summary>
    public Action<bool>? Reloading { get; set; }

    /// <summary>Has the policy read anew at the next turn, which comes at once. From any thread.</summary>
    public void AskReload()
    {
        Volatile.Write(ref _reloadAsked, 1);
        _woken.Set();
    }

    /// <summary>Makes turns until it is cancelled.</summary>
    /// <param name="afterTurn">Called after each.</param>
    /// <param name="longest">It never waits for longer.</param>
    /// <param name="cancel">Ends it.</param>
    public void Run(Action afterTurn, TimeSpan longest, CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            var next = Turn();
            afterTurn();
            _ = WaitHandle.WaitAny([cancel.WaitHandle, _woken], next < longest ? next : longest);
        }
    }

    private void ReloadIfAsked()
    {
        if (Interlocked.Exchange(ref _reloadAsked, 0) == 0)
        {
            return;
        }

        Reloading?.Invoke(true);
        try
        {
            Follow(_options.ReadPolicy());
            (_refusedReason, _reloads) = (null, _reloads + 1);
            _log.Tell(LogLevel.Notice, "policy", "host", "read anew", Describe(_policy));
        }
        catch (Exception refused) when (refused is PolicyException or IOException or UnauthorizedAccessException or LinuxException or SwapHeldException)
        {
            (_refusedReason, _refusedReloads) = (refused.Message, _refusedReloads + 1);
            _log.Tell(LogLevel.Error, "policy", "host", "refused, the one before stays", refused.Message);
        }

        Reloading?.Invoke(false);
    }

    /// <summary>What is not about something that changed goes on as it was: budgets and ladders do not begin anew.</summary>
    private void Follow(Policy policy)
    {
        // What may be refused comes first: then nothing else has changed.
        var before = _policy;
        if (!_isFollowing || policy.Guard.Swap != before.Guard.Swap)
        {
            OpenSwap(policy.Guard.Swap);
        }

        if (!_isFollowing || policy.Governor != before.Governor)
        {
            _governor = new Governor(policy.Governor.ToOptions());
        }

        if (!_isFollowing || !IsSame(policy.Guard, before.Guard))
        {
            _guard = new Guard(scope => policy.Guard.ToOptions(scope));
        }

        if (_scan is KernelScan scan)
        {
            scan.UsesZeroPage = policy.Governor.UsesZeroPage;
            scan.TakeUpAgain();
        }

        _rules.Follow(policy);
        (_policy, _loadedAt, _isFollowing) = (policy, _options.Clock.GetUtcNow(), true);
        _rulesAt = null;
    }

    /// <summary>Swap that an earlier daemon provided is looked after also where no more may be added.</summary>
    private void OpenSwap(SwapPolicy policy)
    {
        var options = policy.ToOptions()
            ?? (SwapProvisioner.HasLeftovers(_options.StateDirectory) ? new SwapOptions { CapBytes = 0 } : null);

        // The lock of the one before goes first; a refusal then leaves nobody to provide, which is said.
        _hands.Provide(null);
        _hands.Provide(options is null || _options.IsDryRun || _options.Swap is not { } kernel
            ? null
            : SwapProvisioner.Open(options, kernel, _options.StateDirectory));
    }

    private static bool IsSame(GuardPolicy one, GuardPolicy other) =>
        one.Host == other.Host && one.ControlGroups.SequenceEqual(other.ControlGroups) && one.Swap.Provision == other.Swap.Provision;

    private static string Describe(Policy policy) => policy.Sources.Count == 0
        ? "there is no file, so the defaults hold"
        : $"{string.Join(", ", policy.Sources)}; {policy.Rules.Count} rules";
}
