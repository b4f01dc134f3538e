using System.Globalization;
using Samepage.Governing;

namespace Samepage.Guarding;

/// <summary>The ladder of one scope. Not thread-safe.</summary>
internal sealed class ScopeGuard(GuardOptions options)
{
    /// <summary>Less is not worth an order.</summary>
    private const long OrderMin = 64L << 20;

    private static readonly TimeSpan s_never = TimeSpan.FromDays(-36500);

    /// <summary>When each action was last ordered, and last taken back.</summary>
    private readonly Dictionary<GuardActionKind, TimeSpan> _orderedAt = [];

    private GuardLevel _level;
    private TimeSpan _changedAt;
    private TimeSpan? _betterSince;

    /// <summary>Swap that Samepage provided when growth was held, and since when more than that covers what is merged.</summary>
    private long _providedAtHold;
    private TimeSpan? _coveredSince;

    public GuardState Decide(GuardSample now, GuardScope scope, List<GuardAction> actions)
    {
        if (HoldIfPassedOver(now, scope, actions))
        {
            Climb(now, scope, actions);
            Repeat(now, scope, actions);
        }

        Resume(now, scope, actions);
        Descend(now, scope, actions);
        Withdraw(now, scope, actions);
        return new GuardState(scope, _level, _changedAt, IsInForce(GuardActionKind.StopGrowing, GuardActionKind.AllowGrowing), Figure(scope));
    }

    private static GuardActionKind Protection(GuardLevel level) => level switch
    {
        GuardLevel.Hold => GuardActionKind.StopGrowing,
        GuardLevel.Warn => GuardActionKind.Warn,
        GuardLevel.Provision => GuardActionKind.ProvisionSwap,
        GuardLevel.PageOut => GuardActionKind.PageOut,
        _ => GuardActionKind.RefuseAdmission,
    };

    /// <summary>Added swap has no opposite on the ladder: see <see cref="Withdraw"/>.</summary>
    private static GuardActionKind? Relaxation(GuardLevel level) => level switch
    {
        GuardLevel.Hold => GuardActionKind.AllowGrowing,
        GuardLevel.Warn => GuardActionKind.ClearWarning,
        GuardLevel.Provision => null,
        GuardLevel.PageOut => GuardActionKind.EndPageOut,
        _ => GuardActionKind.AllowAdmission,
    };

    private static string Figure(GuardScope scope)
    {
        var coverage = scope.ExposureBytes > 0 ? scope.Coverage.ToString("0.00", CultureInfo.InvariantCulture) : "not needed";
        var pressure = scope.Pressure.ToString("0", CultureInfo.InvariantCulture);
        return $"exposure {Figures.Bytes(scope.ExposureBytes)}, headroom {Figures.Bytes(scope.MemoryBytes)} of memory + {Figures.Bytes(scope.SwapFreeBytes)} of swap, coverage {coverage}, memory pressure {pressure} %";
    }

    private static string Why(GuardScope scope, GuardFloor floor)
    {
        var ofPressure = scope.Coverage >= floor.EnterCoverage;
        var limit = ofPressure
            ? string.Create(CultureInfo.InvariantCulture, $"memory pressure reached {floor.EnterPressure:0} %")
            : string.Create(CultureInfo.InvariantCulture, $"coverage fell below {floor.EnterCoverage:0.00}");
        return $"{limit} ({Figure(scope)})";
    }

    /// <summary>Without exposure a shortage is not of merging's making, and not this guard's.</summary>
    private static bool IsEntered(GuardScope scope, GuardFloor floor) =>
        scope.ExposureBytes > 0 && (scope.Coverage < floor.EnterCoverage || scope.Pressure >= floor.EnterPressure);

    private static bool IsHeld(GuardScope scope, GuardFloor floor) =>
        scope.ExposureBytes > 0 && (scope.Coverage < floor.LeaveCoverage || scope.Pressure >= floor.LeavePressure);

    private void Climb(GuardSample now, GuardScope scope, List<GuardAction> actions)
    {
        var goal = options.Floors.LastOrDefault(floor => IsEntered(scope, floor))?.Level ?? GuardLevel.Calm;
        foreach (var floor in options.Floors.Where(floor => floor.Level > _level && floor.Level <= goal))
        {
            // An action that was taken back a moment ago waits, and all that would come after it waits with it.
            if (Relaxation(floor.Level) is { } opposite && now.At - LastOrder(opposite) < options.RepeatAfter)
            {
                return;
            }

            // A deeper floor that was passed gives the reason where this one was jumped over by pressure alone.
            (_level, _changedAt, _betterSince) = (floor.Level, now.At, null);
            if (floor.Level == GuardLevel.Hold && !IsEntered(scope, floor))
            {
                continue;
            }

            var reasonFloor = IsEntered(scope, floor) ? floor : options.Floors.Last(each => IsEntered(scope, each));
            Order(now, scope, Protection(floor.Level), Why(scope, reasonFloor), actions);
        }
    }

    /// <summary>
    /// Pressure may have led past the first rung without holding growth; when coverage falls too, that comes before all
    /// else. False where it must wait, because it was taken back a moment ago.
    /// </summary>
    private bool HoldIfPassedOver(GuardSample now, GuardScope scope, List<GuardAction> actions)
    {
        var floor = options.Floors[0];
        if (_level < floor.Level || IsInForce(GuardActionKind.StopGrowing, GuardActionKind.AllowGrowing) || !IsEntered(scope, floor))
        {
            return true;
        }

        if (now.At - LastOrder(GuardActionKind.AllowGrowing) < options.RepeatAfter)
        {
            return false;
        }

        Order(now, scope, GuardActionKind.StopGrowing, Why(scope, floor), actions);
        return true;
    }

    /// <summary>
    /// Growth goes on as soon as swap that was added covers it: nothing is gained by waiting for the other rungs, and on a
    /// host that fills, what stays unmerged meanwhile is what fills it.
    /// </summary>
    private void Resume(GuardSample now, GuardScope scope, List<GuardAction> actions)
    {
        var isCovered = IsInForce(GuardActionKind.StopGrowing, GuardActionKind.AllowGrowing)
            && now.ProvidedSwapBytes > _providedAtHold && !IsHeld(scope, options.Floors[0]);
        _coveredSince = isCovered ? _coveredSince ?? now.At : null;
        if (now.At - _coveredSince >= options.RepeatAfter)
        {
            Order(now, scope, GuardActionKind.AllowGrowing, $"swap was added, which covers it ({Figure(scope)})", actions);
        }
    }

    private void Descend(GuardSample now, GuardScope scope, List<GuardAction> actions)
    {
        var floor = options.Floors.FirstOrDefault(each => each.Level == _level);
        if (floor is null || IsHeld(scope, floor))
        {
            _betterSince = null;
            return;
        }

        _betterSince ??= now.At;
        if (now.At - _betterSince < options.RelaxAfter || now.At - _changedAt < options.RelaxAfter)
        {
            return;
        }

        if (Relaxation(_level) is { } relaxation && IsInForce(Protection(_level), relaxation))
        {
            var better = (now.At - _betterSince.Value).TotalSeconds.ToString("0", CultureInfo.InvariantCulture);
            Order(now, scope, relaxation, $"better for {better} s ({Figure(scope)})", actions);
        }

        _level--;
        _changedAt = now.At;
    }

    /// <summary>Swap and page-out are orders of an amount, and follow each other while they are needed.</summary>
    private void Repeat(GuardSample now, GuardScope scope, List<GuardAction> actions)
    {
        foreach (var level in (GuardLevel[])[GuardLevel.Provision, GuardLevel.PageOut])
        {
            var floor = options.Floors.FirstOrDefault(each => each.Level == level);
            if (_level >= level && floor is not null && IsEntered(scope, floor)
                && now.At - LastOrder(Protection(level)) >= options.AgainAfter)
            {
                Order(now, scope, Protection(level), $"still needed: {Why(scope, floor)}", actions);
            }
        }
    }

    /// <summary>A group that may swap counts on what was added as well as the host does.</summary>
    private static bool NeedsSwap(GuardScope scope, long bytes, GuardFloor calm) =>
        (scope.IsHost || scope.SwapFreeBytes > 0) && scope.CoverageWithout(scope.IsHost ? bytes : Math.Min(bytes, scope.SwapFreeBytes)) < calm.LeaveCoverage;

    /// <summary>Added swap goes when all has been calm for a while and would have been without it, for the host and for each group.</summary>
    private void Withdraw(GuardSample now, GuardScope scope, List<GuardAction> actions)
    {
        var calm = options.Floors.Count > 0 ? options.Floors[0] : null;
        if (!scope.IsHost || _level != GuardLevel.Calm || now.ProvidedSwapBytes == 0 || calm is null
            || now.Scopes.Any(each => NeedsSwap(each, now.ProvidedSwapBytes, calm)) || scope.Pressure >= calm.LeavePressure
            || now.At - _changedAt < options.RelaxAfter || now.At - LastOrder(GuardActionKind.ProvisionSwap) < options.RelaxAfter
            || now.At - LastOrder(GuardActionKind.WithdrawSwap) < options.RelaxAfter)
        {
            return;
        }

        var without = scope.CoverageWithout(now.ProvidedSwapBytes);
        var coverage = double.IsFinite(without) ? without.ToString("0.00", CultureInfo.InvariantCulture) : "not needed";
        Order(now, scope, GuardActionKind.WithdrawSwap, $"not needed any more: coverage without the {Figures.Bytes(now.ProvidedSwapBytes)} would be {coverage} ({Figure(scope)})", actions, now.ProvidedSwapBytes);
    }

    private void Order(GuardSample now, GuardScope scope, GuardActionKind kind, string reason, List<GuardAction> actions, long bytes = 0)
    {
        var amount = kind switch
        {
            GuardActionKind.ProvisionSwap => SwapWanted(now, scope),
            GuardActionKind.PageOut => options.MayPageOut ? Math.Min(Math.Min(options.PageOutMax, scope.SwapFreeBytes), scope.ExposureBytes - scope.MemoryBytes) : 0,
            _ => bytes,
        };
        if (kind is GuardActionKind.ProvisionSwap or GuardActionKind.PageOut && amount < OrderMin)
        {
            return;
        }

        _orderedAt[kind] = now.At;
        _providedAtHold = kind == GuardActionKind.StopGrowing ? now.ProvidedSwapBytes : _providedAtHold;
        actions.Add(new GuardAction(kind, scope.Name, amount, reason));
    }

    /// <summary>
    /// As much as lifts coverage to where merging may grow again, or the host would stand between two floors for ever; what
    /// a group's own limit forbids helps nobody.
    /// </summary>
    private long SwapWanted(GuardSample now, GuardScope scope)
    {
        var calm = options.Floors.FirstOrDefault(each => each.Level == GuardLevel.Hold);
        var isTooSoon = now.At - LastOrder(GuardActionKind.WithdrawSwap) < options.RepeatAfter;
        return !options.MayProvision || calm is null || isTooSoon
            ? 0
            : Math.Min(Math.Max(OrderMin, (long)(scope.ExposureBytes * calm.LeaveCoverage) - scope.HeadroomBytes), scope.SwapAllowedBytes - scope.SwapFreeBytes);
    }

    private bool IsInForce(GuardActionKind protection, GuardActionKind relaxation) => LastOrder(protection) > LastOrder(relaxation);

    private TimeSpan LastOrder(GuardActionKind kind) => _orderedAt.GetValueOrDefault(kind, s_never);
}
